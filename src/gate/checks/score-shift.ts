import { comparison } from '../check.ts';
import { indexByChance, populationStabilityIndex } from '../population-stability.ts';

/**
 * Whether scores are distributed as they were: a retrained model moves them a little, a broken one a lot. Counted is
 * what goes beyond chance, with users as the sample: the scores of one user are not independent of each other.
 */
export const scoreShift = comparison({
  name: 'score-shift',
  threshold: 'maxScorePsi',
  bound: 'at most',
  what: 'population stability index of the scores, beyond chance',
  measure: ({ candidate, live, comparison: { scoreBins } }) => {
    const index = populationStabilityIndex(scoreBins.live, scoreBins.candidate);
    return Math.max(0, index - indexByChance(scoreBins.live.length, candidate.users, live.users));
  },
});
