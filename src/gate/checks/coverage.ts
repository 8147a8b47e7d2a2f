import { comparison } from '../check.ts';

/** Different products shown in first fives, against the live version: a catalogue that was read in part shows fewer. */
export const coverage = comparison({
  name: 'coverage',
  threshold: 'minCoverageRatio',
  bound: 'at least',
  what: 'times as many different products as in the live version’s first fives',
  measure: ({ candidate, live }) => candidate.products / live.products,
});
