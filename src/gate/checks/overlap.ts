import { comparison } from '../check.ts';

/** How much of each user's first five stays, in any order. Users that were mixed up have almost nothing of theirs left. */
export const overlap = comparison({
  name: 'overlap',
  threshold: 'minOverlap',
  bound: 'at least',
  what: 'of users’ first five stay, on average',
  isShare: true,
  measure: ({ comparison: compared }) => compared.overlap,
});
