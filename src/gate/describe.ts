import type { CheckResult } from './check.ts';

const ORDER = ['errored', 'failed', 'passed'] as const satisfies readonly CheckResult['outcome'][];

/** Every check on a line of its own, those that block first. */
export function describeChecks(checks: readonly CheckResult[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const sorted = checks.toSorted((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
  return sorted
    .map(({ name, outcome, message }) => `  ${outcome.padEnd(7)}  ${name.padEnd(width)}  ${message}`)
    .join('\n');
}
