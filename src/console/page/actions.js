import { call, messageOf, ProblemError } from './api.js';
import { announce, byId, h } from './dom.js';

/** @import { ActionDone, History, PlacementView } from '../views.ts' */

/** @typedef {'rollback' | 'release' | 'block' | 'unblock'} Action */
/** @typedef {{ heading: string, what: (view: PlacementView) => string, confirm: string, fields: (view: PlacementView) => HTMLElement[], body: () => object }} Form */

const BY = 'topshelf-console-by';

/** @type {string[]} versions that were live before, newest first */
let earlier = [];

/** @param {History} history */
export function learnEarlier({ entries }) {
  earlier = [...new Set(entries.map(({ version }) => version))];
}

/**
 * A version to go back to; one that would be refused cannot be chosen, and says why.
 * @param {string} version
 * @param {PlacementView} view
 */
function optionOf(version, { quarantined, retired }) {
  const why = quarantined.some((each) => each.version === version)
    ? ', quarantined'
    : retired.includes(version)
      ? ', retired'
      : '';
  return h('option', { value: version, disabled: why !== '' }, `${version}${why}`);
}

/** @type {Record<Action, Form>} */
const forms = {
  rollback: {
    heading: 'Roll back',
    what: ({ version }) =>
      `Leaves and quarantines ${version ?? 'what is live'}, goes back to an earlier version, and holds activations until somebody releases them.`,
    confirm: 'Roll back',
    fields: (view) => [
      h('label', { for: 'to' }, 'Go back to'),
      h(
        'select',
        { id: 'to' },
        h('option', { value: '' }, 'the latest earlier version that may be live'),
        ...earlier.filter((each) => each !== view.version).map((each) => optionOf(each, view)),
      ),
    ],
    body() {
      const to = byId('to', HTMLSelectElement).value;
      return to === '' ? {} : { to };
    },
  },
  release: {
    heading: 'Release the hold',
    what: () => 'Activations may go on: the next batch that passes the gate goes live.',
    confirm: 'Release the hold',
    fields: () => [],
    body: () => ({}),
  },
  block: {
    heading: 'Block products',
    what: () => 'Takes products out of every answer of this placement, within seconds.',
    confirm: 'Block',
    fields: () => [
      h('label', { for: 'products' }, 'Product ids, one a line'),
      h('textarea', { id: 'products', rows: 4, required: true, spellcheck: 'false' }),
      h(
        'label',
        { class: 'choice' },
        h('input', { id: 'commas', type: 'checkbox' }),
        ' an id may have a comma',
      ),
    ],
    body: () => ({
      productIds: byId('products', HTMLTextAreaElement)
        .value.split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== ''),
      withCommas: byId('commas', HTMLInputElement).checked,
    }),
  },
  unblock: {
    heading: 'Unblock products',
    what: () => 'Lets products back into the answers of this placement.',
    confirm: 'Unblock',
    fields: ({ blocked }) => [
      h(
        'fieldset',
        {},
        h('legend', {}, 'Blocked products'),
        ...blocked.map((id) =>
          h(
            'label',
            { class: 'choice' },
            h('input', { type: 'checkbox', name: 'unblock', value: id }),
            ` ${id}`,
          ),
        ),
      ),
    ],
    body: () => ({
      productIds: [...document.querySelectorAll('input[name=unblock]:checked')].map(
        (box) => /** @type {HTMLInputElement} */ (box).value,
      ),
      withCommas: true,
    }),
  },
};

/** @type {{ action: Action, view: PlacementView, onDone: () => void } | undefined} */
let open;

/**
 * Asks for what the action needs. It will be decided on what `view` shows now, however long that takes: the server
 * refuses it where the pointer has moved meanwhile.
 * @param {Action} action
 * @param {PlacementView} view
 * @param {() => void} onDone called after it was done, and after it was refused
 */
export function ask(action, view, onDone) {
  const { heading, what, confirm, fields } = forms[action];
  open = { action, view, onDone };
  byId('action-heading', HTMLElement).textContent =
    `${heading}: ${view.placement} at epoch ${view.epoch ?? 'unknown'}`;
  byId('action-what', HTMLElement).textContent = what(view);
  byId('action-refusal', HTMLElement).hidden = true;
  byId('action-fields', HTMLElement).replaceChildren(...fields(view));
  const button = byId('action-confirm', HTMLButtonElement);
  button.textContent = confirm;
  button.className = action === 'rollback' ? 'danger' : '';
  button.disabled = false;
  byId('reason', HTMLInputElement).value = '';
  byId('by', HTMLInputElement).value = sessionStorage.getItem(BY) ?? '';
  byId('action', HTMLDialogElement).showModal();
}

/** Connects the dialog's buttons, once. */
export function connectDialog() {
  const dialog = byId('action', HTMLDialogElement);
  byId('action-cancel', HTMLButtonElement).addEventListener('click', () => dialog.close());
  byId('action-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    void act(dialog);
  });
}

/** @param {HTMLDialogElement} dialog */
async function act(dialog) {
  if (open === undefined) return;
  const { action, view, onDone } = open;
  const { placement, epoch, table } = view;
  const by = byId('by', HTMLInputElement).value;
  sessionStorage.setItem(BY, by);
  const button = byId('action-confirm', HTMLButtonElement);
  button.disabled = true;
  try {
    const reason = byId('reason', HTMLInputElement).value;
    const body = { ...forms[action].body(), seen: { epoch, table }, by, reason };
    const done = /** @type {ActionDone} */ (await call(`/${placement}/${action}`, body));
    dialog.close();
    announce([done.text, `Epoch ${done.epoch}.`, ...done.warnings].join(' '));
  } catch (error) {
    const refusal = byId('action-refusal', HTMLElement);
    refusal.textContent =
      error instanceof ProblemError ? `${error.title}: ${error.message}` : messageOf(error);
    refusal.hidden = false;
    // What it was decided on is gone: it takes another look, and another decision.
    button.disabled = error instanceof ProblemError && error.status === 409;
    if (button.disabled) byId('action-cancel', HTMLButtonElement).focus();
  } finally {
    onDone();
  }
}
