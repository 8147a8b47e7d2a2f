/** What the checks look at, measured beforehand: a check itself reads nothing. */
export interface Measurements {
  readonly candidate: {
    readonly users: number;
    /** Different products in the candidate's popular list, which holds up to 20. */
    readonly popularProducts: number;
  };
}

/** What one check says. `errored` means that it could not be performed, and blocks as `failed` does. */
export interface CheckResult {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'errored';
  /** What was measured; null where it could not be. */
  readonly measured: number | null;
  readonly threshold: number;
  readonly message: string;
}

export interface Check {
  readonly name: string;
  readonly threshold: number;
  /** Throws where the measurement it needs cannot be used. */
  readonly judge: (measurements: Measurements) => Omit<CheckResult, 'name' | 'threshold'>;
}

/** May this version go live? Only where every check passed. */
export interface Verdict {
  readonly passed: boolean;
  readonly checks: readonly CheckResult[];
}

/** Performs every check, also after one has failed: whoever reads the verdict wants to know all of it. */
export function judge(measurements: Measurements, checks: readonly Check[]): Verdict {
  const results = checks.map((check) => perform(check, measurements));
  return { passed: results.every(({ outcome }) => outcome === 'passed'), checks: results };
}

function perform({ name, threshold, judge }: Check, measurements: Measurements): CheckResult {
  try {
    return { name, threshold, ...judge(measurements) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      name,
      threshold,
      outcome: 'errored',
      measured: null,
      message: `could not be checked: ${message}`,
    };
  }
}
