import { comparison } from '../check.ts';

/** Another run with the content that is live already: a job upstream did not run, or its old files were picked up. */
export const newContent = comparison({
  name: 'new-content',
  threshold: 'maxSameContent',
  bound: 'at most',
  what: 'live versions have the same content',
  one: 'live version has the same content',
  measure: ({ comparison: { sameContent } }) => Number(sameContent),
});
