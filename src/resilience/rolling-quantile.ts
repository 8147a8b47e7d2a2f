/** A quantile of what was measured lately. */
export interface RollingQuantile {
  add(value: number): void;
  /** Undefined while too few values are young enough to tell. */
  value(): number | undefined;
}

export interface RollingQuantileOptions {
  /** Between 0 and 1. */
  readonly quantile: number;
  /** Values older than this do not count. */
  readonly maxAgeMs: number;
  readonly now?: () => number;
}

// So many values count at most, and at least: below that the 95th of 100 is chance.
const MOST = 256;
const LEAST = 20;
// It is found anew after so many values, or after this time: sorting at each would cost more than what it is for.
const VALUES_BETWEEN = 32;
const MS_BETWEEN = 1000;

/** Exact over the last values; neither a rare value nor an idle hour leaves it with old ones. */
export function createRollingQuantile(options: RollingQuantileOptions): RollingQuantile {
  const { quantile, maxAgeMs, now = () => performance.now() } = options;
  const values = new Float64Array(MOST);
  const times = new Float64Array(MOST).fill(-Infinity);
  let added = 0;
  let found: number | undefined;
  let foundAt = -Infinity;
  let foundAfter = 0;

  function find(nowMs: number): number | undefined {
    const young = values.filter((_, index) => nowMs - (times[index] ?? 0) < maxAgeMs).sort();
    return young.length < LEAST ? undefined : young[Math.ceil(quantile * young.length) - 1];
  }

  return {
    add(value) {
      const index = added % MOST;
      values[index] = value;
      times[index] = now();
      added += 1;
    },
    value() {
      const nowMs = now();
      if (added - foundAfter >= VALUES_BETWEEN || nowMs - foundAt >= MS_BETWEEN) {
        found = find(nowMs);
        foundAt = nowMs;
        foundAfter = added;
      }
      return found;
    },
  };
}
