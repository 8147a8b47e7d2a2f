import { readFileSync } from 'node:fs';

/** Linux tells times in /proc in hundredths of a second, whatever the kernel's own clock does. */
const TICKS_PER_SECOND = 100;

/** The core that the server under test has for itself, and the one for load and stub. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** CPU time of a process and its threads since its start, in seconds: user and system. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in brackets and may hold anything; fields count from the third after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** A core's time since boot, in ticks. */
export interface CoreTime {
  readonly busy: number;
  readonly total: number;
}

export function coreTime(core: number): CoreTime {
  const line = readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`cpu${core} `));
  if (line === undefined) throw new Error(`there is no core ${core}; load tests need at least two`);
  // user, nice, system, idle, iowait, irq, softirq, steal; guest time is part of user time.
  const times = line.split(/\s+/).slice(1, 9).map(Number);
  const total = times.reduce((sum, time) => sum + time, 0);
  return { total, busy: total - (times[3] ?? 0) - (times[4] ?? 0) };
}

/** The share of the time between two looks in which a core worked, whoever it worked for. */
export function busyShare(from: CoreTime, to: CoreTime): number {
  const total = to.total - from.total;
  return total === 0 ? 0 : (to.busy - from.busy) / total;
}
