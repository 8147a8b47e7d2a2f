import { call, messageOf } from './api.js';
import { announce, byId, h, table } from './dom.js';
import { time } from './words.js';

/** @import { LookedUp } from '../views.ts' */

/** @typedef {LookedUp['versions'][number]} Column */

/**
 * Looks the user up who is named in the form, and shows each version's list beside the others.
 * @param {string} placement
 */
export async function lookUp(placement) {
  const region = byId('user-answer', HTMLElement);
  const userId = byId('user', HTMLInputElement).value;
  try {
    const found = /** @type {LookedUp} */ (await call(`/${placement}/explain`, { userId }));
    region.replaceChildren(...answerOf(found));
    announce(`${found.versions.length} versions looked up for user ${userId}`);
  } catch (error) {
    region.replaceChildren(h('p', { class: 'notice bad', role: 'alert' }, messageOf(error)));
  }
}

/** @param {LookedUp} found */
function answerOf({ placement, userId, versions, answer, titles }) {
  const named = (/** @type {string} */ id) => (titles[id] === undefined ? id : `${id} ${titles[id]}`);
  const answered =
    answer === null
      ? 'Nothing is live.'
      : `In ${placement} user ${userId} gets ${answer.source}: ${answer.productIds.map(named).join(', ') || 'nothing'}.`;
  const height = Math.max(0, ...versions.map(({ products }) => products?.length ?? 0));
  const rows = Array.from({ length: height }, (_, at) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, String(at + 1)),
      ...versions.map((version) => cellOf(version, at, titles)),
    ),
  );
  const headings = versions.map(({ version, state, from, products }) => {
    const source = from === 'archive' ? ', from the archive' : '';
    return `${version} (${state}${source}${products === null ? ', nothing for this user' : ''})`;
  });
  const dropped = versions
    .filter((version) => version.dropped.length > 0)
    .map((version) => h('p', {}, `Dropped in ${version.version}: ${version.dropped.map(named).join(', ')}`));
  // It is not read anew by itself: a user is looked up when somebody asks.
  const when = `Looked up at ${time(new Date().toISOString())}.`;
  return [
    h('p', {}, `${answered} ${when}`),
    table(`Products of user ${userId} by version`, ['Rank', ...headings], rows),
    ...dropped,
  ];
}

/**
 * @param {Column} version
 * @param {number} at
 * @param {LookedUp['titles']} titles
 */
function cellOf({ products, comparedWith }, at, titles) {
  const product = products?.[at];
  if (product === undefined) return h('td', {}, '');
  const { productId, score, rank, rankBefore, isBlocked, answerPlace } = product;
  const title = titles[productId];
  const marks = [
    ...(isBlocked ? ['blocked'] : []),
    ...(answerPlace === null ? [] : [`answered ${answerPlace}`]),
    ...(comparedWith === null ? [] : [moved(rank, rankBefore)]),
  ].filter((mark) => mark !== '');
  return h(
    'td',
    { class: answerPlace === null ? false : 'answered' },
    h('span', { class: 'product' }, productId),
    ...(title === undefined ? [] : [h('span', { class: 'title' }, title)]),
    h('small', {}, [score.toPrecision(3), ...marks].join(' · ')),
  );
}

/**
 * @param {number} rank
 * @param {number | null} before
 */
function moved(rank, before) {
  if (before === null) return 'new';
  if (before === rank) return '';
  return before > rank ? `up ${before - rank}` : `down ${rank - before}`;
}
