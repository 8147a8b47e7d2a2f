import { comparison } from '../check.ts';

/** Users of whose first five nothing stays: a fault in a part of the batch shows here before it moves the mean. */
export const allChanged = comparison({
  name: 'all-changed',
  threshold: 'maxAllChanged',
  bound: 'at most',
  what: 'of users keep none of their first five',
  isShare: true,
  measure: ({ comparison: { allChangedShare } }) => allChangedShare,
});
