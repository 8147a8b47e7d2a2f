import { comparison } from '../check.ts';

/** Predictions made before the live ones would take shoppers back in time. Looked at where the rows say when. */
export const newerPredictions = comparison({
  name: 'newer-predictions',
  threshold: 'maxOlderSeconds',
  bound: 'at most',
  what: 'seconds older than the live predictions',
  one: 'second older than the live predictions',
  measure: ({ comparison: { olderSeconds } }) => (olderSeconds === null ? null : Math.max(0, olderSeconds)),
});
