import type { CandidateMeasures, Comparison, Measurements, VersionMeasures } from './measurements.ts';
import type { ThresholdName, Thresholds } from './thresholds.ts';

/** What one check says. `errored` means that it could not be performed, and blocks as `failed` does. */
export interface CheckResult {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'errored';
  /** What was measured; null where it could not be. */
  readonly measured: number | null;
  readonly threshold: number;
  readonly message: string;
}

/** A floor looks at the candidate alone; a comparison needs the live version, and is left out where nothing is live. */
export interface Check {
  readonly name: string;
  readonly kind: 'floor' | 'comparison';
  readonly threshold: ThresholdName;
  readonly bound: 'at least' | 'at most';
  /** What is measured, in words that follow the number. */
  readonly what: string;
  /** Those words where the number is 1, if they differ. */
  readonly one?: string;
  /** Whether the number is a share, which messages give in percent. */
  readonly isShare?: boolean;
  /** Undefined where there is nothing to check. */
  readonly judge: (measurements: Measurements, thresholds: Thresholds) => CheckResult | undefined;
}

/** The candidate and the live version, both measured. */
export interface Compared {
  readonly candidate: CandidateMeasures;
  readonly live: VersionMeasures;
  readonly comparison: Comparison;
}

interface Definition<T> extends Pick<Check, 'name' | 'threshold' | 'bound' | 'what' | 'one' | 'isShare'> {
  /** Null where there is nothing to check; throws where it cannot be told. */
  readonly measure: (of: T) => number | null;
  /** Some of what was counted, for people. */
  readonly examples?: (of: T) => readonly string[];
}

/** A check of the candidate by itself: a first load is held to it too. */
export function floor(definition: Definition<CandidateMeasures>): Check {
  const { name, threshold, bound, what } = definition;
  return {
    ...{ name, kind: 'floor', threshold, bound, what },
    judge: ({ candidate }, thresholds) =>
      perform(definition, thresholds[threshold], () =>
        candidate.kind === 'unreadable' ? unmeasured(candidate.why) : candidate.measures,
      ),
  };
}

/** A check of the candidate against the live version. */
export function comparison(definition: Definition<Compared>): Check {
  const { name, threshold, bound, what } = definition;
  return {
    ...{ name, kind: 'comparison', threshold, bound, what },
    judge: ({ candidate, baseline }, thresholds) =>
      baseline.kind === 'none'
        ? undefined
        : perform(definition, thresholds[threshold], () => {
            if (candidate.kind === 'unreadable') return unmeasured(candidate.why);
            if (baseline.kind === 'unreadable') return unmeasured(baseline.why);
            return { candidate: candidate.measures, live: baseline.live, comparison: baseline.comparison };
          }),
  };
}

function unmeasured(why: string): never {
  throw new Error(why);
}

function perform<T>(
  { name, bound, what, one = what, isShare = false, measure, examples = () => [] }: Definition<T>,
  threshold: number,
  measured: () => T,
): CheckResult | undefined {
  try {
    const subject = measured();
    const value = measure(subject);
    if (value === null) return undefined;
    if (!Number.isFinite(value)) throw new TypeError(`${what}: ${value} is not a finite number`);
    const passed = bound === 'at least' ? value >= threshold : value <= threshold;
    const number = (of: number) => (isShare ? `${shortNumber(of * 100)} %` : shortNumber(of));
    const named = examples(subject);
    const suchAs = named.length === 0 ? '' : `, such as ${named.join(', ')}`;
    const said = `${number(value)} ${value === 1 && !isShare ? one : what}${suchAs}`;
    const message = `${said}; ${bound} ${number(threshold)} ${bound === 'at least' ? 'needed' : 'allowed'}`;
    return { name, outcome: passed ? 'passed' : 'failed', measured: value, threshold, message };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { name, outcome: 'errored', measured: null, threshold, message: `could not be checked: ${why}` };
  }
}

/** Whole numbers as they are, others with four significant digits at most. */
export function shortNumber(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
}
