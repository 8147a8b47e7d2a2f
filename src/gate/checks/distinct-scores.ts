import { floor } from '../check.ts';

/** One score in the whole version is a constant and no prediction, also where every list has a single product. */
export const distinctScores = floor({
  name: 'distinct-scores',
  threshold: 'minDistinctScores',
  bound: 'at least',
  what: 'different scores',
  one: 'different score',
  measure: ({ distinctScores }) => distinctScores,
});
