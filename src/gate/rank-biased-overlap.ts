/**
 * How far down a reader goes: from each place to the next with this probability. At 0.9 a product that keeps its place
 * among five adds 0.50, 0.25, 0.14, 0.08 or 0.03, from the first place to the last.
 */
export const PERSISTENCE = 0.9;

/**
 * What a product adds to the rank-biased overlap of two lists, for the deeper of its two places (first index) and the
 * longer list's length (second index), both counted from 1.
 *
 * W. Webber, A. Moffat and J. Zobel, "A Similarity Measure for Indefinite Rankings", ACM TOIS 28(4), 2010, equation 4:
 * RBO = (1 − p) Σ_d p^(d−1) · A_d, where A_d is the share of the first d places that both lists have. Truncated at depth
 * k and divided by its greatest value there, Σ_{d≤k} p^(d−1), so that equal lists give 1. A product in places i and j is
 * among the common ones from depth max(i, j) on, and adds p^(d−1) / d at each depth d from there to k.
 */
export function overlapWeights(depth: number, persistence = PERSISTENCE): number[][] {
  return range(depth).map((deeper) =>
    range(depth).map((k) => {
      const whole = range(k).reduce((sum, d) => sum + persistence ** (d - 1), 0);
      const added = range(k).filter((d) => d >= deeper);
      return added.reduce((sum, d) => sum + persistence ** (d - 1) / d, 0) / whole;
    }),
  );
}

function range(last: number): number[] {
  return Array.from({ length: last }, (_, at) => at + 1);
}
