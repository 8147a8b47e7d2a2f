import type { Check, Measurements } from './gate.ts';

/** A check that a measured number reaches its threshold. `what` completes the message: "12 users; at least 1 …". */
export function atLeast(
  name: string,
  threshold: number,
  what: string,
  measure: (measurements: Measurements) => number,
): Check {
  return {
    name,
    threshold,
    judge(measurements) {
      const measured = measure(measurements);
      if (!Number.isFinite(measured)) throw new TypeError(`${what}: ${measured} is not a number`);
      const outcome = measured >= threshold ? 'passed' : 'failed';
      return { outcome, measured, message: `${measured} ${what}; at least ${threshold} are needed` };
    },
  };
}
