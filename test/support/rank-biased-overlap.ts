import { PERSISTENCE } from '../../src/gate/rank-biased-overlap.ts';

/** Rank-biased overlap as the paper writes it: the mean agreement over depths, weighted. */
export function rankBiasedOverlap(a: readonly string[], b: readonly string[]): number {
  const depth = Math.max(a.length, b.length);
  let sum = 0;
  let whole = 0;
  for (let d = 1; d <= depth; d++) {
    const common = a.slice(0, d).filter((product) => b.slice(0, d).includes(product)).length;
    sum += PERSISTENCE ** (d - 1) * (common / d);
    whole += PERSISTENCE ** (d - 1);
  }
  return sum / whole;
}
