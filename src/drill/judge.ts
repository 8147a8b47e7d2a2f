import type { Told } from './callers.ts';
import type { Baseline, Observed } from './observed.ts';
import type { Rehearsal } from './rehearsals.ts';

/** What an answer is measured by. */
export interface Standard {
  readonly requestDeadlineMs: number;
  /** What the way to the caller, and this machine, may add to it. */
  readonly allowanceMs: number;
  /** After this time a server counts as not recovered. */
  readonly recoveryLimitSeconds: number;
  readonly baseline: Baseline;
}

// A read may take too long at any time, also of a store that is well.
const PERSONALIZED_SHARE = 0.99;

/** What was expected and did not happen, as sentences; none where the rehearsal passed. */
export function judge({ fault }: Rehearsal, observed: Observed, standard: Standard): string[] {
  const { during, isMet, sight, recoverySeconds, secondServer } = observed;
  const { requestDeadlineMs, allowanceMs, recoveryLimitSeconds, baseline } = standard;
  const answers = during.filter(isAnswer);
  const failures: string[] = [];
  const expectNone = (offenders: readonly Told[], what: (first: Told) => string) => {
    const [first] = offenders;
    if (first !== undefined) failures.push(`${offenders.length} of ${during.length} ${what(first)}`);
  };

  if (!isMet)
    failures.push('the fault met nothing: no read and no look at the pointer, so nothing is proved');
  if (during.length === 0) failures.push('nobody asked while the fault stood');
  expectNone(
    during.filter((told) => !isAnswer(told)),
    ({ problem }) => `requests ended in an error; expected: none. The first: ${problem}`,
  );
  expectNone(
    during.filter(({ ms }) => ms > requestDeadlineMs + allowanceMs),
    () =>
      `answers came later than ${requestDeadlineMs} ms and ${allowanceMs} ms of allowance; expected: none. The ` +
      `slowest took ${Math.ceil(slowestMs(during) ?? 0)} ms`,
  );
  expectNone(
    answers.filter(({ version }) => version !== baseline.version),
    ({ version }) =>
      `answers came from another version than ${baseline.version}; expected: none. The first: ${version}. ` +
      'If somebody activated it meanwhile, rehearse again',
  );
  expectNone(
    answers.filter((told) => isOfVersion(told) && !isAsHeld(told, baseline)),
    ({ products }) =>
      `answers differ from what the version holds; expected: none. The first: ${products.join(', ')}`,
  );
  expectNone(
    answers.filter(({ products }) => products.length === 0),
    () => 'answers held no product at all; expected: none',
  );
  expectNone(
    answers.filter(({ reason }) => reason === 'unknown-user'),
    () => 'users who have a prediction were taken for unknown; expected: none',
  );
  expectNone(
    answers.filter(({ source, reason }) => source !== 'personalized' && reason === undefined),
    ({ source }) => `answers were not personalized and gave no reason; expected: none. The first: ${source}`,
  );
  if (fault.of === 'pointer') {
    const others = answers.filter(({ source }) => source !== 'personalized');
    if (others.length > during.length * (1 - PERSONALIZED_SHARE)) {
      expectNone(
        others,
        ({ source, reason }) => `answers were not personalized; the first: ${source}, ${reason}`,
      );
    }
    const isChanged = sight.epoch !== baseline.epoch || sight.version !== baseline.version;
    if (isChanged && sight.silence === undefined) {
      failures.push(
        `the server went from epoch ${baseline.epoch} and version ${baseline.version} to epoch ${sight.epoch} and ` +
          `version ${sight.version}; expected: no change`,
      );
    }
  }
  if (sight.silence !== undefined) {
    failures.push(`the ops listener gave no answer (${sight.silence}); expected: the server goes on`);
  } else if (!sight.isReady) {
    failures.push('the server was not ready; expected: a fault takes no server out');
  }
  if (secondServer !== undefined) failures.push(secondServer);
  if (recoverySeconds === undefined) {
    failures.push(
      `answers were not personalized again within ${recoveryLimitSeconds} s after the fault had ended`,
    );
  }
  return failures;
}

export function isAnswer({ status }: Told): boolean {
  return status === 200;
}

/** Undefined where nobody asked. */
export function slowestMs(told: readonly Told[]): number | undefined {
  return told.length === 0 ? undefined : told.reduce((most, { ms }) => Math.max(most, ms), 0);
}

function isOfVersion({ source }: Told): boolean {
  return source === 'personalized' || source === 'stale';
}

function isAsHeld({ userId, products }: Told, { products: held }: Baseline): boolean {
  return held.get(userId)?.join('\0') === products.join('\0');
}
