import { comparison } from '../check.ts';

/** The floor allows for shops that know little of many users; this one sees that it was better yesterday. */
export const shortListsChange = comparison({
  name: 'short-lists-change',
  threshold: 'maxShortIncrease',
  bound: 'at most',
  what: 'of users more than in the live version have fewer than five products',
  isShare: true,
  measure: ({ candidate, live }) => Math.max(0, candidate.shortShare - live.shortShare),
});
