import type { Check } from './check.ts';
import { allChanged } from './checks/all-changed.ts';
import { coverage } from './checks/coverage.ts';
import { distinctScores } from './checks/distinct-scores.ts';
import { flatScores } from './checks/flat-scores.ts';
import { flatScoresChange } from './checks/flat-scores-change.ts';
import { giniChange } from './checks/gini-change.ts';
import { newContent } from './checks/new-content.ts';
import { newerPredictions } from './checks/newer-predictions.ts';
import { overlap } from './checks/overlap.ts';
import { popularFloor } from './checks/popular-floor.ts';
import { rankBiasedOverlap } from './checks/rank-biased-overlap.ts';
import { sameList } from './checks/same-list.ts';
import { sameListChange } from './checks/same-list-change.ts';
import { scoreScale } from './checks/score-scale.ts';
import { scoreShift } from './checks/score-shift.ts';
import { scoreValidity } from './checks/score-validity.ts';
import { shortLists } from './checks/short-lists.ts';
import { shortListsChange } from './checks/short-lists-change.ts';
import { topProduct } from './checks/top-product.ts';
import { topProductChange } from './checks/top-product-change.ts';
import { unknownProducts } from './checks/unknown-products.ts';
import { usersChange } from './checks/users-change.ts';
import { usersFloor } from './checks/users-floor.ts';
import { usersLost } from './checks/users-lost.ts';

/** Every check, in the order of a report: who, what they get, scores, changes, products, provenance. */
export const checks: readonly Check[] = [
  ...[usersFloor, usersChange, usersLost],
  ...[popularFloor, shortLists, shortListsChange],
  ...[scoreValidity, distinctScores, flatScores, flatScoresChange, scoreShift, scoreScale],
  ...[overlap, rankBiasedOverlap, allChanged],
  ...[coverage, topProduct, topProductChange, giniChange, sameList, sameListChange],
  ...[unknownProducts, newerPredictions, newContent],
];
