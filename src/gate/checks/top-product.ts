import { beyondChance } from '../chance.ts';
import { floor } from '../check.ts';
import { FIRST_PLACES } from '../measurements.ts';

/** The most frequent product's share of places in first fives: 0.2 where it is in everybody's. */
export const topProduct = floor({
  name: 'top-product',
  threshold: 'maxTopProductShare',
  bound: 'at most',
  what: 'of places in first fives go to one product, beyond chance',
  isShare: true,
  // A product has at most one place in each five: chance works on the share of users who have it.
  measure: ({ topProductShare, users }) => beyondChance(topProductShare * FIRST_PLACES, users) / FIRST_PLACES,
});
