import { comparison } from '../check.ts';

/** Users whom the live version knows and the candidate does not: they would get popular products from now on. */
export const usersLost = comparison({
  name: 'users-lost',
  threshold: 'maxUsersLost',
  bound: 'at most',
  what: 'of live users are lost',
  isShare: true,
  measure: ({ comparison: { lostShare } }) => lostShare,
});
