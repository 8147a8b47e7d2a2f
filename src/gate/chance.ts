/**
 * What a share exceeds beyond chance: of few users any share may be large. Taken off are two standard errors of a share
 * of one half among the other users, 2 · √(0.25 / (n − 1)): everything of one user, a third of ten, 0.015 of 4,300.
 */
export function beyondChance(share: number, users: number): number {
  return users < 2 ? 0 : Math.max(0, share - 1 / Math.sqrt(users - 1));
}
