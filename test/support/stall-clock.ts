/** A time in which the process that measures did not run as it should have, in milliseconds of `performance.now()`. */
export interface Stall {
  readonly from: number;
  readonly to: number;
}

export interface StallClock {
  /** Whether a stall falls into this time. */
  hasStalled(from: number, to: number): boolean;
  /** How long all stalls took, in milliseconds. */
  total(): number;
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
    if (now - last - TICK_MS - ownMs > NOTICEABLE_MS) stalls.push({ from: last, to: now });
    last = now;
    lastCpu = cpu;
  }, TICK_MS);
  timer.unref();
  return {
    hasStalled: (from, to) => stalls.some((stall) => stall.from < to && stall.to > from),
    total: () => stalls.reduce((sum, stall) => sum + stall.to - stall.from, 0),
    stop: () => clearInterval(timer),
  };
}

/** CPU time of this thread so far. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
