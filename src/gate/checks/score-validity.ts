import { floor } from '../check.ts';

/** The loader refuses such scores; this is for tables whose predictions came another way. */
export const scoreValidity = floor({
  name: 'score-validity',
  threshold: 'maxInvalidScores',
  bound: 'at most',
  what: 'scores are missing or not finite',
  one: 'score is missing or not finite',
  measure: ({ invalidScores }) => invalidScores,
});
