import { floor } from '../check.ts';

/** A version without users has nothing to say to anybody. */
export const usersFloor = floor({
  name: 'users-floor',
  threshold: 'minUsers',
  bound: 'at least',
  what: 'users',
  one: 'user',
  measure: ({ users }) => users,
});
