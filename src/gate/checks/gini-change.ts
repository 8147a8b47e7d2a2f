import { comparison } from '../check.ts';

/** How unequally products share the places in first fives, against the live version. */
export const giniChange = comparison({
  name: 'gini-change',
  threshold: 'maxGiniIncrease',
  bound: 'at most',
  what: 'more is the Gini coefficient of products’ places than in the live version',
  measure: ({ candidate, live }) => Math.max(0, candidate.gini - live.gini),
});
