import { comparison } from '../check.ts';

/** Users who fell back to one common list, where they had one of their own. */
export const sameListChange = comparison({
  name: 'same-list-change',
  threshold: 'maxSameListIncrease',
  bound: 'at most',
  what: 'of users more than in the live version share one list of first five',
  isShare: true,
  measure: ({ candidate, live }) => Math.max(0, candidate.sameListShare - live.sameListShare),
});
