import { comparison } from '../check.ts';

/** Number of users against the live version's, up or down: half an export, or two exports in one. */
export const usersChange = comparison({
  name: 'users-change',
  threshold: 'maxUsersChange',
  bound: 'at most',
  what: 'is the change in the number of users',
  isShare: true,
  measure: ({ candidate, live }) => Math.abs(candidate.users / live.users - 1),
});
