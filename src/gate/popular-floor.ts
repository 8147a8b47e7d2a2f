import { atLeast } from './at-least.ts';

/** The popular list must fill an ordinary answer of five: it is what everybody gets who has no prediction. */
export const popularFloor = atLeast(
  'popular-floor',
  5,
  'different popular products',
  ({ candidate }) => candidate.popularProducts,
);
