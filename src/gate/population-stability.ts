/**
 * Least share that a bin counts with. An empty bin would make the index infinite; this is the usual remedy, and makes
 * one that lost its whole tenth add 0.69.
 */
const LEAST_SHARE = 1e-4;

/**
 * Population stability index of two distributions over the same bins: Σ (actual − expected) · ln(actual / expected).
 * 0 for equal ones; by custom under 0.1 is no change and over 0.25 a major one.
 * N. Siddiqi, Credit Risk Scorecards, Wiley 2006; it is the symmetric Kullback–Leibler divergence (Jeffreys 1946) of the
 * two, as B. Yurdakul, Statistical Properties of Population Stability Index, 2018, shows.
 * @param expected share of each bin, the live version's
 * @param actual share of each bin, the candidate's
 */
export function populationStabilityIndex(expected: readonly number[], actual: readonly number[]): number {
  if (expected.length === 0 || expected.length !== actual.length) {
    throw new RangeError(`${expected.length} and ${actual.length} bins cannot be compared`);
  }
  return expected.reduce((index, share, at) => {
    const [e, a] = [Math.max(share, LEAST_SHARE), Math.max(actual[at] ?? NaN, LEAST_SHARE)];
    return index + (a - e) * Math.log(a / e);
  }, 0);
}

/**
 * The index that chance alone seldom exceeds between two samples of one distribution: its mean, B − 1, and two standard
 * deviations, √(2 (B − 1)) each, times 1/N + 1/M (Yurdakul 2018: the index is distributed as χ² with B − 1 degrees of
 * freedom, times that). Of few users it is large: their scores say little about whether the distribution moved.
 */
export function indexByChance(bins: number, n: number, m: number): number {
  const freedom = bins - 1;
  return (freedom + 2 * Math.sqrt(2 * freedom)) * (1 / n + 1 / m);
}
