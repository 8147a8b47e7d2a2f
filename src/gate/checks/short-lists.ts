import { floor } from '../check.ts';

/** A list of fewer than five leaves holes in the page; a few users about whom little is known are no fault. */
export const shortLists = floor({
  name: 'short-lists',
  threshold: 'maxShortShare',
  bound: 'at most',
  what: 'of users have fewer than five products',
  isShare: true,
  measure: ({ shortShare }) => shortShare,
});
