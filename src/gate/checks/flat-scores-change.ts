import { comparison } from '../check.ts';

/** Some users without differences are a model's habit, many more than yesterday a fault in its last step. */
export const flatScoresChange = comparison({
  name: 'flat-scores-change',
  threshold: 'maxFlatIncrease',
  bound: 'at most',
  what: 'of users more than in the live version have one score for all their products',
  isShare: true,
  measure: ({ candidate, live }) => Math.max(0, candidate.flatShare - live.flatShare),
});
