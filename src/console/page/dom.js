/** @typedef {Record<string, string | number | boolean>} Attributes */
/** @typedef {Node | string} Child */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * The element with this id. Throws where the page has none: then the page is broken.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page has no ${kind.name} ${id}`);
  return element;
}

/**
 * A new element; text is text and never markup.
 * @param {string} tag
 * @param {Attributes} [attributes] `true` is an attribute without a value; `false` leaves it out
 * @param {...Child} children
 */
export function h(tag, attributes = {}, ...children) {
  return furnished(document.createElement(tag), attributes, children);
}

/**
 * As `h`, for drawings.
 * @param {string} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 */
export function svg(tag, attributes = {}, ...children) {
  return furnished(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * @template {Element} E
 * @param {E} element
 * @param {Attributes} attributes
 * @param {Child[]} children
 */
function furnished(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children);
  return element;
}

/** @type {WeakMap<Element, string>} */
const lastData = new WeakMap();

/**
 * Fills `container` with what `build` makes of `data`, if the data is not what was shown last. The focus stays where it
 * was: at the element of the same id, if that is there again.
 * @template T
 * @param {HTMLElement} container
 * @param {T} data
 * @param {(data: T) => Child[]} build
 */
export function show(container, data, build) {
  const text = JSON.stringify(data);
  if (lastData.get(container) === text) return;
  lastData.set(container, text);
  const focused = container.contains(document.activeElement) ? document.activeElement?.id : undefined;
  container.replaceChildren(...build(data));
  if (focused) document.getElementById(focused)?.focus();
}

/**
 * A table with a caption for those who cannot see where it stands.
 * @param {string} caption
 * @param {string[]} headings
 * @param {Node[]} rows
 */
export function table(caption, headings, rows) {
  return h(
    'table',
    {},
    h('caption', { class: 'unseen' }, caption),
    h('thead', {}, h('tr', {}, ...headings.map((text) => h('th', { scope: 'col' }, text)))),
    h('tbody', {}, ...rows),
  );
}

/**
 * A row whose first cell is its heading.
 * @param {...Child} cells
 */
export function row(...cells) {
  return h(
    'tr',
    {},
    ...cells.map((cell, at) => (at === 0 ? h('th', { scope: 'row' }, cell) : h('td', {}, cell))),
  );
}

/**
 * A word with a mark, so that its colour says nothing alone.
 * @param {'good' | 'bad' | 'warn' | 'none'} kind
 * @param {string} text
 */
export function badge(kind, text) {
  const mark = { good: '✓', bad: '✗', warn: '!', none: '–' }[kind];
  return h('span', { class: `badge ${kind}` }, h('span', { 'aria-hidden': 'true' }, `${mark} `), text);
}

/**
 * Says what came of something, to those who see the page and to those who hear it.
 * @param {string} text
 * @param {'good' | 'warn' | 'bad'} [kind]
 */
export function announce(text, kind = 'good') {
  const place = byId('announcements', HTMLElement);
  place.className = `notice ${kind}`;
  place.textContent = text;
}
