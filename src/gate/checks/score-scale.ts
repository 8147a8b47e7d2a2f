import { comparison } from '../check.ts';

/** By which factor the scores grew or shrank as a whole: percent for shares, a weight applied twice. */
export const scoreScale = comparison({
  name: 'score-scale',
  threshold: 'maxScoreFactor',
  bound: 'at most',
  what: 'is the factor between the median scores (absolute values)',
  measure: ({ candidate: { medianScore: mine }, live: { medianScore: theirs } }) => {
    if (mine === theirs) return 1;
    if (mine === 0 || theirs === 0) {
      throw new RangeError(`the median score is ${mine}, the live version's ${theirs}: no factor follows`);
    }
    return Math.max(mine / theirs, theirs / mine);
  },
});
