import { floor } from '../check.ts';

/** The popular list must fill an ordinary answer of five: it is what everybody gets who has no prediction. */
export const popularFloor = floor({
  name: 'popular-floor',
  threshold: 'minPopularProducts',
  bound: 'at least',
  what: 'different popular products',
  one: 'different popular product',
  measure: ({ popularProducts }) => popularProducts,
});
