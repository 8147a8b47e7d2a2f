import { badge, byId, h, row, show, table } from './dom.js';
import { hitShare, verdictBadge } from './overview.js';
import { age, rate, time } from './words.js';

/** @import { History, Overview, PlacementView, ReplicaView } from '../views.ts' */
/** @import { Child } from './dom.js' */

/** Writes of the pointer that are shown. One more is asked for, to tell whether there are older ones. */
export const SHOWN_WRITES = 20;

/**
 * What is known of the chosen placement at this moment.
 * @param {PlacementView} view
 * @param {Overview} overview
 */
export function showDetails(view, { titles, replicasProblem }) {
  byId('details-heading', HTMLElement).textContent = view.placement;
  show(byId('notices', HTMLElement), view, noticesOf);
  show(byId('facts', HTMLElement), { view, titles }, () => [factsOf(view, titles)]);
  const { replicas, epoch } = view;
  show(byId('replicas', HTMLElement), { replicas, epoch, replicasProblem }, () =>
    replicasOf(view, replicasProblem),
  );
}

/**
 * @param {string} placement
 * @param {History} history
 * @param {(id: string) => void} onReport called with the gate's report that is to be shown
 */
export function showHistory(placement, { entries }, onReport) {
  const headings = ['Epoch', 'When', 'What', 'Version', 'Gate', 'Who', 'Why'];
  const older =
    entries.length > SHOWN_WRITES
      ? [
          `The latest ${SHOWN_WRITES} writes of the pointer. For older ones: `,
          h('code', {}, `topshelf status --placement ${placement} --history 200`),
        ]
      : [];
  show(byId('history', HTMLElement), { placement, entries }, () => [
    table(
      'The latest writes of the pointer',
      headings,
      entries
        .slice(0, SHOWN_WRITES)
        .map(({ epoch, at, action, version, by, reason, override, check }) =>
          row(
            String(epoch),
            time(at),
            action,
            version,
            check === null ? '–' : reportButton(epoch, version, () => onReport(check)),
            by,
            override === null ? reason : `${reason} (past the gate by ${override.by}: ${override.reason})`,
          ),
        ),
    ),
    ...(older.length === 0 ? [] : [h('p', {}, ...older)]),
  ]);
}

/**
 * @param {number} epoch
 * @param {string} version
 * @param {() => void} onPressed
 */
function reportButton(epoch, version, onPressed) {
  const label = `report on ${version}, by which it went live at epoch ${epoch}`;
  const button = h('button', { type: 'button', id: `report-of-${epoch}`, 'aria-label': label }, 'report');
  button.addEventListener('click', onPressed);
  return button;
}

/** @param {PlacementView} view */
function noticesOf({ hold, pointer, problem, table: name, lastRecorded }) {
  const notices = [];
  if (hold !== null) {
    notices.push(
      h(
        'p',
        { class: 'notice warn' },
        `Activations are held by ${hold.by} since ${time(hold.since)}: ${hold.reason}`,
      ),
    );
  }
  if (pointer === 'bare') {
    notices.push(
      h('p', { class: 'notice warn' }, `The pointer is the bare table name ${name}, written by hand: held.`),
    );
  }
  if (pointer === 'absent' || pointer === 'malformed') {
    const last =
      lastRecorded === null
        ? ''
        : ` Last on record: epoch ${lastRecorded.epoch}, version ${lastRecorded.version}.`;
    const what = pointer === 'absent' ? 'The pointer is gone.' : 'The pointer cannot be read.';
    notices.push(
      h('p', { class: 'notice bad' }, `${what} ${problem ?? ''}${last} Servers stay on what they have.`),
    );
  }
  return notices;
}

/**
 * @param {PlacementView} view
 * @param {Readonly<Record<string, string>>} titles
 */
function factsOf(view, titles) {
  const {
    version,
    epoch,
    ageSeconds,
    generatedAt,
    generatedAtFrom,
    since,
    by,
    reason,
    blocked,
    quarantined,
  } = view;
  const { verdict, verdictProblem, override } = view;
  const facts = h('dl', {});
  const fact = (/** @type {string} */ name, /** @type {Child[]} */ ...value) =>
    facts.append(h('div', {}, h('dt', {}, name), h('dd', {}, ...value)));
  fact('Live version', version ?? '–');
  fact('Epoch', epoch === null ? '–' : String(epoch));
  const from = generatedAtFrom === 'file' ? ', by the files’ times' : '';
  fact('Predictions', ageSeconds === null ? '–' : `${age(ageSeconds)} old (${time(generatedAt)}${from})`);
  fact('Written', `${time(since)}${by === null ? '' : ` by ${by}`}`);
  fact('Why', reason ?? '–');
  const stopped = verdict?.stoppedBy.length ? ` ${verdict.stoppedBy.join(', ')}` : '';
  const past = override === null ? '' : ` passed over by ${override.by}: ${override.reason}`;
  fact('Gate', verdictBadge(view), `${stopped}${past}${verdictProblem === null ? '' : ` ${verdictProblem}`}`);
  const withTitle = (/** @type {string} */ id) => (titles[id] === undefined ? id : `${id} ${titles[id]}`);
  fact('Blocked', blocked.length === 0 ? 'nothing' : blocked.map(withTitle).join(', '));
  fact(
    'Quarantined',
    ...(quarantined.length === 0
      ? ['nothing']
      : quarantined.map((each) => h('div', {}, `${each.version} by ${each.by}: ${each.reason}`))),
  );
  return facts;
}

/**
 * @param {PlacementView} view
 * @param {string | null} problem
 */
function replicasOf({ replicas, epoch }, problem) {
  if (replicas === null) {
    return [h('p', {}, 'The console was not told which replicas there are: start it with --replicas.')];
  }
  if (problem !== null) return [h('p', { class: 'notice bad' }, `The replicas are not known: ${problem}`)];
  if (replicas.length === 0) return [h('p', { class: 'notice bad' }, 'There is no replica at all.')];
  const headings = ['Replica', 'Serves', 'Epoch', 'Answers', 'By source', 'Cache hits'];
  return [
    table(
      'What every replica serves and answers',
      headings,
      replicas.map((each) => replicaRow(each, epoch)),
    ),
  ];
}

/**
 * @param {ReplicaView} replica
 * @param {number | null} epoch
 */
function replicaRow({ replica, version, epoch: own, problem, rates, ratesProblem }, epoch) {
  if (problem !== null) {
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, replica),
      h('td', { colspan: 5 }, badge('bad', `cannot be asked: ${problem}`)),
    );
  }
  const isBehind = own === null || (epoch !== null && own < epoch);
  const sources = Object.entries(rates?.bySource ?? {}).map(
    ([source, perSecond]) => `${source} ${rate(perSecond)}`,
  );
  return row(
    replica,
    version ?? 'nothing',
    isBehind ? badge('warn', own === null ? 'none' : `${own}, behind`) : badge('good', String(own)),
    rates === null ? (ratesProblem ?? 'measuring…') : rate(rates.answersPerSecond),
    sources.join(', ') || '–',
    hitShare(rates),
  );
}
