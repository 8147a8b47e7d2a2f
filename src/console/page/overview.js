import { badge, byId, h, row, show, table } from './dom.js';
import { age, percent, rate } from './words.js';

/** @import { Overview, PlacementView, Rates } from '../views.ts' */

const HEADINGS = [
  'Placement',
  'Live version',
  'Epoch',
  'Age',
  'Gate',
  'State',
  'Replicas',
  'Answers',
  'Personalized',
  'Cache hits',
];

/**
 * One row a placement; each leads to its details.
 * @param {Overview} overview
 * @param {string | null} chosen
 */
export function showOverview({ placements }, chosen) {
  show(byId('placements', HTMLElement), { placements, chosen }, () =>
    placements.length === 0
      ? [h('p', {}, 'No placement has a pointer: nothing was ever activated.')]
      : [
          table(
            'What is live in every placement',
            HEADINGS,
            placements.map((each) => rowOf(each, chosen)),
          ),
        ],
  );
}

/**
 * @param {PlacementView} view
 * @param {string | null} chosen
 */
function rowOf(view, chosen) {
  const { placement, version, epoch, ageSeconds } = view;
  const link = h(
    'a',
    {
      id: `to-${placement}`,
      href: `#placement=${placement}`,
      'aria-current': placement === chosen ? 'true' : false,
    },
    placement,
  );
  const rates = totalRates(view);
  return row(
    link,
    version ?? '–',
    epoch === null ? '–' : String(epoch),
    ageSeconds === null ? '–' : age(ageSeconds),
    verdictBadge(view),
    stateBadge(view),
    replicasBadge(view),
    rates === null ? '–' : rate(rates.answersPerSecond),
    rates === null || rates.answersPerSecond === 0
      ? '–'
      : percent((rates.bySource.personalized ?? 0) / rates.answersPerSecond),
    hitShare(rates),
  );
}

/** @param {PlacementView} view */
export function verdictBadge({ verdict, verdictProblem, override }) {
  if (verdictProblem !== null) return badge('warn', 'archive away');
  if (verdict === null) return badge('none', 'not checked');
  if (verdict.passed) return badge('good', 'passed');
  return override === null ? badge('bad', 'stopped') : badge('warn', 'overridden');
}

/** @param {Rates | null} rates */
export function hitShare(rates) {
  const share = rates?.cacheHitShare ?? null;
  return share === null ? '–' : percent(share);
}

/** @param {PlacementView} view */
function stateBadge({ pointer, hold, blocked }) {
  if (pointer === 'malformed') return badge('bad', 'malformed');
  if (pointer === 'absent') return badge('bad', 'pointer gone');
  if (pointer === 'bare') return badge('warn', 'by hand, held');
  if (hold !== null) return badge('warn', 'held');
  return blocked.length > 0 ? badge('good', `live, ${blocked.length} blocked`) : badge('good', 'live');
}

/** @param {PlacementView} view */
function replicasBadge({ replicas, epoch }) {
  if (replicas === null) return badge('none', 'not asked');
  if (replicas.length === 0) return badge('bad', 'none');
  const there = replicas.filter(
    (each) => each.epoch !== null && epoch !== null && each.epoch >= epoch,
  ).length;
  return badge(there === replicas.length ? 'good' : 'warn', `${there} of ${replicas.length}`);
}

/**
 * The rates of all replicas together; null where none is known.
 * @param {PlacementView} view
 * @returns {Rates | null}
 */
function totalRates({ replicas }) {
  const known = (replicas ?? []).flatMap(({ rates }) => (rates === null ? [] : [rates]));
  const [first] = known;
  if (first === undefined) return null;
  const sources = [...new Set(known.flatMap(({ bySource }) => Object.keys(bySource)))];
  const sum = (/** @type {(rates: Rates) => number} */ of) =>
    known.reduce((total, rates) => total + of(rates), 0);
  const weighted = known.filter(({ cacheHitShare }) => cacheHitShare !== null);
  const weight = weighted.reduce((total, { answersPerSecond }) => total + answersPerSecond, 0);
  return {
    seconds: first.seconds,
    answersPerSecond: sum(({ answersPerSecond }) => answersPerSecond),
    bySource: Object.fromEntries(
      sources.map((source) => [source, sum(({ bySource }) => bySource[source] ?? 0)]),
    ),
    // Replicas count by their share of the answers.
    cacheHitShare:
      weight === 0
        ? null
        : weighted.reduce((total, each) => total + (each.cacheHitShare ?? 0) * each.answersPerSecond, 0) /
          weight,
  };
}
