import { ask, connectDialog, learnEarlier } from './actions.js';
import { call, messageOf, token, tryToken } from './api.js';
import { showDetails, showHistory, SHOWN_WRITES } from './details.js';
import { announce, byId, show } from './dom.js';
import { showGate } from './gate.js';
import { lookUp } from './look-up.js';
import { showOverview } from './overview.js';
import { time } from './words.js';

/** @import { Checks, History, Overview } from '../views.ts' */

/** @typedef {Checks['reports'][number]} Report */

/** Milliseconds between two readings of what is live, and of the archive where no epoch was new. */
const REFRESH_MS = 4_000;
const ARCHIVE_MS = 30_000;

/** @type {Overview | undefined} */
let overview;
/** @type {Checks | undefined} */
let checks;
/** @type {Report | undefined} one that was asked for from the history */
let asked;
/** Which placement and epoch the archive was read for, and when. */
let archiveRead = { key: '', at: 0, failed: false };

/** The placement that the address names, or the first one. */
function chosenView() {
  const placements = overview?.placements ?? [];
  const [, named] = /^#placement=([a-z0-9_]+)$/.exec(location.hash) ?? [];
  return placements.find(({ placement }) => placement === named) ?? placements[0];
}

async function refresh() {
  const freshness = byId('freshness', HTMLElement);
  try {
    overview = await /** @type {Promise<Overview>} */ (call(''));
    freshness.textContent = `read at ${time(overview.at)}`;
    freshness.classList.remove('old');
    if (!archiveRead.failed) tell(null);
    render();
  } catch (error) {
    freshness.classList.add('old');
    const since = overview === undefined ? '' : ` What is shown was read at ${overview.at}.`;
    tell(`${messageOf(error)}.${since}`);
    return;
  }
  await readArchive();
}

/** @param {string | null} text */
function tell(text) {
  const trouble = byId('trouble', HTMLElement);
  trouble.hidden = text === null;
  // Said once: an alert that is written anew is read anew.
  if (trouble.textContent !== (text ?? '')) trouble.textContent = text ?? '';
}

function render() {
  const view = chosenView();
  const details = byId('details', HTMLElement);
  details.hidden = view === undefined;
  if (overview === undefined) return;
  showOverview(overview, view?.placement ?? null);
  if (view === undefined) return;
  showDetails(view, overview);
  for (const button of actionButtons()) {
    const { action } = button.dataset;
    button.disabled =
      (action === 'release' && view.pointer === 'pointer' && view.hold === null) ||
      (action === 'unblock' && view.blocked.length === 0);
  }
}

/** History and gate: read when the epoch is new, and now and then, because a batch that is stopped writes no epoch. */
async function readArchive() {
  try {
    await readRecords();
  } catch (error) {
    archiveRead = { key: '', at: 0, failed: true };
    tell(`History and the gate’s reports cannot be read: ${messageOf(error)}`);
  }
}

async function readRecords() {
  const view = chosenView();
  if (view === undefined) return;
  const { placement, epoch, version } = view;
  const key = `${placement} ${epoch}`;
  if (archiveRead.key === key && performance.now() - archiveRead.at < ARCHIVE_MS) return;
  const [history, found] = await Promise.all([
    /** @type {Promise<History>} */ (call(`/${placement}/history?count=${SHOWN_WRITES + 1}`)),
    /** @type {Promise<Checks>} */ (call(`/${placement}/checks`)),
  ]);
  if (chosenView()?.placement !== placement) return;
  const isNew = archiveRead.key !== key;
  if (archiveRead.failed) tell(null);
  archiveRead = { key, at: performance.now(), failed: false };
  checks = found;
  showHistory(placement, history, (id) => void openReport(id));
  learnEarlier(history);
  // A new epoch has a new report: what was chosen before is no longer what people look at.
  if (isNew) byId('report', HTMLSelectElement).value = '';
  showGate(withAsked(checks), version);
}

/**
 * Shows the report that let a version go live, however many were made since.
 * @param {string} id
 */
async function openReport(id) {
  const view = chosenView();
  if (view === undefined || checks === undefined) return;
  const { placement, version } = view;
  try {
    const known = withAsked(checks).reports.find((report) => report.id === id);
    const report = known ?? /** @type {Report} */ (await call(`/${placement}/checks/${id}`));
    if (chosenView()?.placement !== placement) return;
    asked = report;
    showGate(withAsked(checks), version, id);
    byId('gate-heading', HTMLElement).scrollIntoView();
    byId('report', HTMLSelectElement).focus({ preventScroll: true });
  } catch (error) {
    announce(`The gate’s report cannot be shown: ${messageOf(error)}`, 'bad');
  }
}

/**
 * @param {Checks} found
 * @returns {Checks}
 */
function withAsked(found) {
  if (asked === undefined || found.reports.some(({ id }) => id === asked?.id)) return found;
  return { ...found, reports: [...found.reports, asked] };
}

/** Nothing of one placement may stand under the name of another, not for a moment. */
function forgetRecords() {
  archiveRead = { ...archiveRead, key: '' }; // read again at once, also where it was read before this came
  checks = undefined;
  asked = undefined;
  learnEarlier({ entries: [] });
  byId('user-answer', HTMLElement).replaceChildren();
  for (const id of ['history', 'gate', 'report']) show(byId(id, HTMLElement), null, () => []);
}

function actionButtons() {
  return [...document.querySelectorAll('button[data-action]')].map(
    (button) => /** @type {HTMLButtonElement} */ (button),
  );
}

/** Whether there is a token; where there is none, leads to where one is asked for. */
function hasToken() {
  if (token.get() !== null) return true;
  byId('token', HTMLInputElement).focus();
  announce('Actions and look-ups need the console’s token: it was printed when the console started.', 'warn');
  return false;
}

function onActed() {
  showAccess();
  void refresh();
}

function showAccess() {
  const isGiven = token.get() !== null;
  byId('access', HTMLElement).hidden = isGiven;
  byId('access-given', HTMLElement).hidden = !isGiven;
}

/**
 * Takes the token that was typed, if it is the console's.
 * @param {HTMLInputElement} input
 */
async function takeToken(input) {
  token.set(input.value.trim());
  try {
    await tryToken();
  } catch (error) {
    token.forget();
    announce(`The token was not taken: ${messageOf(error)}`, 'bad');
    input.select();
    return;
  }
  input.value = '';
  showAccess();
  announce('The token is kept until this tab is closed.');
  byId('forget-token', HTMLElement).focus();
}

function connect() {
  byId('access', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    void takeToken(byId('token', HTMLInputElement));
  });
  byId('forget-token', HTMLButtonElement).addEventListener('click', () => {
    token.forget();
    showAccess();
    byId('token', HTMLElement).focus();
  });
  byId('look-up', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    const view = chosenView();
    if (view !== undefined && hasToken()) void lookUp(view.placement).finally(showAccess);
  });
  byId('report', HTMLSelectElement).addEventListener('change', () => {
    if (checks !== undefined) showGate(withAsked(checks), chosenView()?.version ?? null);
  });
  for (const button of actionButtons()) {
    button.addEventListener('click', () => {
      const view = chosenView();
      const action = /** @type {'rollback' | 'release' | 'block' | 'unblock'} */ (button.dataset.action);
      if (view !== undefined && hasToken()) ask(action, view, onActed);
    });
  }
  window.addEventListener('hashchange', () => {
    if (!location.hash.startsWith('#placement=')) return;
    forgetRecords();
    render();
    void readArchive();
  });
  connectDialog();
  showAccess();
}

async function keepFresh() {
  if (!document.hidden) await refresh();
  setTimeout(() => void keepFresh(), REFRESH_MS);
}

connect();
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void refresh();
});
void keepFresh();
