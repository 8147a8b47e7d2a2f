import type { Check, CheckResult } from './check.ts';
import { checks as allChecks } from './checks.ts';
import type { Measurements } from './measurements.ts';
import type { Thresholds } from './thresholds.ts';

/** May this version go live? Only where every check passed. */
export interface Verdict {
  readonly passed: boolean;
  readonly checks: readonly CheckResult[];
}

/** Performs every check, also after one has failed: whoever reads the verdict wants to know all of it. */
export function judge(
  measurements: Measurements,
  thresholds: Thresholds,
  checks: readonly Check[] = allChecks,
): Verdict {
  const results = checks
    .map((check) => check.judge(measurements, thresholds))
    .filter((result) => result !== undefined);
  // No result at all is no pass: nothing was looked at.
  return {
    passed: results.length > 0 && results.every(({ outcome }) => outcome === 'passed'),
    checks: results,
  };
}
