import { atLeast } from './at-least.ts';

/** A version without users has nothing to say to anybody. */
export const usersFloor = atLeast('users-floor', 1, 'users', ({ candidate }) => candidate.users);
