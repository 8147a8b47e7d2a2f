import { floor } from '../check.ts';

/** The most frequent product's share of places in first fives: 0.2 where it is in everybody's. */
export const topProduct = floor({
  name: 'top-product',
  threshold: 'maxTopProductShare',
  bound: 'at most',
  what: 'of places in first fives go to one product',
  measure: ({ topProductShare }) => topProductShare,
});
