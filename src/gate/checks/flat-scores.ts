import { floor } from '../check.ts';

/** A model that gives all products of a user one score has not ranked them: their order is an accident. */
export const flatScores = floor({
  name: 'flat-scores',
  threshold: 'maxFlatShare',
  bound: 'at most',
  what: 'of users have one score for all their products',
  isShare: true,
  measure: ({ flatShare }) => flatShare,
});
