import { comparison } from '../check.ts';

/** As overlap, with the order: lists that keep their products and turn them round differ for whoever reads them. */
export const rankBiasedOverlap = comparison({
  name: 'rank-biased-overlap',
  threshold: 'minRankBiasedOverlap',
  bound: 'at least',
  what: 'is the mean rank-biased overlap of first fives',
  measure: ({ comparison: compared }) => compared.rankBiasedOverlap,
});
