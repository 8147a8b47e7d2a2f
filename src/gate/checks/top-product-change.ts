import { comparison } from '../check.ts';

/** A product that takes over: a promotion does that, and so does a join that went wrong. */
export const topProductChange = comparison({
  name: 'top-product-change',
  threshold: 'maxTopProductRatio',
  bound: 'at most',
  what: 'times the live version’s share of places for the most frequent product',
  measure: ({ candidate, live }) => candidate.topProductShare / live.topProductShare,
});
