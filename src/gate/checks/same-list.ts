import { beyondChance } from '../chance.ts';
import { floor } from '../check.ts';

/** How many have the same first five as somebody else: one list for everybody is 1. */
export const sameList = floor({
  name: 'same-list',
  threshold: 'maxSameListShare',
  bound: 'at most',
  what: 'of users share one list of first five, beyond chance',
  isShare: true,
  measure: ({ sameListShare, users }) => beyondChance(sameListShare, users),
});
