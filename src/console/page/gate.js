import { badge, byId, h, row, show, svg, table } from './dom.js';
import { number, percent, time } from './words.js';

/** @import { Checks, Criterion } from '../views.ts' */

/** @typedef {Checks['reports'][number]} Report */
/** @typedef {Report['checks'][number]} Result */
/** @typedef {{ baseline?: { comparison?: { scoreBins?: { live: number[], candidate: number[] } } } }} Measured */

const WIDTH = 220;
const HEIGHT = 14;

/**
 * The reports to choose from, and the chosen one.
 * @param {Checks} checks
 * @param {string | null} version that is live: its report comes first unless another was chosen
 * @param {string} [chosen] the id of a report; what was chosen before unless given
 */
export function showGate({ reports, criteria }, version, chosen = byId('report', HTMLSelectElement).value) {
  const select = byId('report', HTMLSelectElement);
  show(
    select,
    reports.map(({ id }) => id),
    () =>
      reports.map(({ id, at, candidate, passed }) =>
        h('option', { value: id }, `${candidate.version} ${passed ? 'passed' : 'stopped'} at ${time(at)}`),
      ),
  );
  const wanted =
    reports.find(({ id }) => id === chosen) ??
    reports.find(({ candidate }) => candidate.version === version) ??
    reports[0];
  if (wanted !== undefined) select.value = wanted.id;
  show(byId('gate', HTMLElement), { wanted, criteria }, () =>
    wanted === undefined
      ? [h('p', {}, 'The gate has not looked at any version.')]
      : reportOf(wanted, criteria),
  );
}

/**
 * @param {Report} report
 * @param {Checks['criteria']} criteria
 */
function reportOf({ candidate, live, at, by, passed, checks, measurements }, criteria) {
  const against = live === null ? 'with nothing to compare it with' : `against ${live.version}`;
  const stopping = checks.filter(({ outcome }) => outcome !== 'passed').length;
  const verdict = passed
    ? `passes all ${checks.length} checks`
    : `is stopped by ${stopping} of ${checks.length} checks`;
  const text = `Version ${candidate.version} ${verdict}, ${against}; ${time(at)} by ${by}.`;
  const headings = ['Check', 'Outcome', 'Measured', 'Threshold', 'Measured against the threshold'];
  const stopped = (/** @type {Result} */ { outcome }) => Number(outcome === 'passed');
  const rows = checks
    .toSorted((a, b) => stopped(a) - stopped(b))
    .map((result) => resultRow(result, criteria[result.name]));
  return [h('p', {}, text), table('What the gate measured', headings, rows), ...scoresOf(measurements)];
}

/**
 * @param {Result} result
 * @param {Criterion | undefined} criterion
 */
function resultRow({ name, outcome, measured, threshold, message }, criterion) {
  const { what = '', bound } = criterion ?? {};
  return row(
    h('span', {}, name, h('small', {}, what)),
    badge(outcome === 'passed' ? 'good' : 'bad', outcome),
    measured === null ? message : number(measured),
    `${bound ?? ''} ${number(threshold)}`.trim(),
    measured === null ? '' : bar(measured, threshold, bound, outcome),
  );
}

/**
 * What was measured as a bar, the threshold as a line across it, and the side that is allowed tinted. The numbers stand
 * beside it, so it is hidden from those who hear the page.
 * @param {number} measured
 * @param {number} threshold
 * @param {'at least' | 'at most' | undefined} bound
 * @param {string} outcome
 */
function bar(measured, threshold, bound, outcome) {
  const low = Math.min(0, measured, threshold);
  const high = Math.max(measured, threshold, 0);
  const span = (high - low || 1) * 1.15;
  const x = (/** @type {number} */ value) => Math.round(((value - low) / span) * (WIDTH - 2)) + 1;
  const [from, to] = [x(Math.min(0, measured)), x(Math.max(0, measured))];
  const [allowedFrom, allowedTo] = bound === 'at least' ? [x(threshold), WIDTH] : [0, x(threshold)];
  return svg(
    'svg',
    {
      class: 'bar',
      width: WIDTH,
      height: HEIGHT + 6,
      viewBox: `0 0 ${WIDTH} ${HEIGHT + 6}`,
      'aria-hidden': 'true',
    },
    svg('rect', { class: 'track', x: 0, y: 3, width: WIDTH, height: HEIGHT }),
    ...(bound === undefined
      ? []
      : [
          svg('rect', {
            class: 'allowed',
            x: allowedFrom,
            y: 3,
            width: allowedTo - allowedFrom,
            height: HEIGHT,
          }),
        ]),
    svg('rect', {
      class: outcome === 'passed' ? 'within' : 'beyond',
      x: from,
      y: 6,
      width: Math.max(2, to - from),
      height: HEIGHT - 6,
    }),
    svg('line', { class: 'threshold', x1: x(threshold), x2: x(threshold), y1: 0, y2: HEIGHT + 6 }),
  );
}

/**
 * The distribution of scores: the candidate's beside the live version's, between the live version's deciles.
 * @param {Report['measurements']} measurements
 */
function scoresOf(measurements) {
  const bins = /** @type {Measured} */ (measurements).baseline?.comparison?.scoreBins;
  if (bins === undefined || bins.live.length === 0) return [];
  const [step, top] = [44, 90];
  const most = Math.max(...bins.live, ...bins.candidate, 0.001);
  const pillars = bins.live.flatMap((share, at) => {
    const pillar = (
      /** @type {string} */ kind,
      /** @type {number} */ value,
      /** @type {number} */ offset,
    ) => {
      const height = Math.round((value / most) * top);
      return svg('rect', { class: kind, x: at * step + offset, y: top - height, width: 17, height });
    };
    return [pillar('live', share, 3), pillar('candidate', bins.candidate[at] ?? 0, 22)];
  });
  const width = bins.live.length * step;
  const texts = bins.live.map((share, at) => `${percent(share)} and ${percent(bins.candidate[at] ?? 0)}`);
  return [
    h('h4', {}, 'Scores'),
    h(
      'p',
      { class: 'legend' },
      h('span', { class: 'key live' }, 'live version'),
      h('span', { class: 'key candidate' }, 'candidate'),
      ' share of scores between the live version’s deciles, lowest scores first',
    ),
    svg(
      'svg',
      {
        ...{ class: 'scores', role: 'img', width, height: top + 2, viewBox: `0 0 ${width} ${top + 2}` },
        'aria-label': `Shares of scores, live version and candidate, lowest scores first: ${texts.join('; ')}`,
      },
      ...pillars,
      svg('line', { class: 'ground', x1: 0, x2: width, y1: top + 1, y2: top + 1 }),
    ),
  ];
}
