import { readFileSync } from 'node:fs';

/** A time in which the process that measures did not run as it should have, in milliseconds of `performance.now()`. */
export interface Stall {
  readonly from: number;
  readonly to: number;
  /** How much of it the process stood still. */
  readonly ms: number;
}

export interface StallClock {
  /** For how much of this time the process stood still, at most. */
  stalledMs(from: number, to: number): number;
  stop(): void;
}

const TICK_MS = 5;
// Less than this is the machine's everyday unevenness.
const NOTICEABLE_MS = 5;

/**
 * A clock that knows when this process stood still. `machine`: only where it did so because the machine gave it no
 * CPU time, for where what is measured runs in this process, too, and its own work must count; `process`: for any reason.
 */
export function startStallClock(whose: 'machine' | 'process'): StallClock {
  const stalls: Stall[] = [];
  let last = performance.now();
  let lastCpu = cpuMs();
  const timer = setInterval(() => {
    const now = performance.now();
    const cpu = cpuMs();
    const ownMs = whose === 'machine' ? cpu - lastCpu : 0;
    const ms = now - last - TICK_MS - ownMs;
    if (ms > NOTICEABLE_MS) stalls.push({ from: last, to: now, ms });
    last = now;
    lastCpu = cpu;
  }, TICK_MS);
  timer.unref();
  return {
    stalledMs: (from, to) => stalledIn(stalls, from, to),
    stop: () => clearInterval(timer),
  };
}

/**
 * A clock that knows when another process was ready to run and the machine gave it no CPU: Linux counts that for its
 * first thread. Elsewhere, and once the process has ended, nothing is known of it.
 */
export function startWaitClock(pid: number): StallClock {
  const stalls: Stall[] = [];
  let last = waitedMs(pid);
  const timer = setInterval(() => {
    const waited = waitedMs(pid);
    const ms = waited - last;
    const now = performance.now();
    // It is counted when the wait is over.
    if (ms > NOTICEABLE_MS) stalls.push({ from: now - ms, to: now, ms });
    last = waited;
  }, TICK_MS);
  timer.unref();
  return {
    stalledMs: (from, to) => stalledIn(stalls, from, to),
    stop: () => clearInterval(timer),
  };
}

/** `stalls` in the order of time: there may be many thousands, and as many answers. */
export function stalledIn(stalls: readonly Stall[], from: number, to: number): number {
  let [low, high] = [0, stalls.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((stalls[middle]?.to ?? Infinity) > from) high = middle;
    else low = middle + 1;
  }
  let sum = 0;
  for (let at = low; at < stalls.length; at += 1) {
    const stall = stalls[at];
    if (stall === undefined || stall.from >= to) break;
    sum += Math.min(stall.ms, Math.min(to, stall.to) - Math.max(from, stall.from));
  }
  return sum;
}

function waitedMs(pid: number): number {
  try {
    const [, waitedNs] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return Number(waitedNs) / 1e6;
  } catch {
    return 0;
  }
}

/** CPU time of this thread so far. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
