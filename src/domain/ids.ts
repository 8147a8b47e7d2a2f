/** Longest user or product id, in bytes of UTF-8. */
export const MAX_ID_BYTES = 128;

const PLACEMENT = /^[a-z0-9_]{1,40}$/;
// Unicode's control characters (category Cc): C0, DEL and C1.
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/;
// What readers of text drop without a word, Node's own among them: the id would become another one.
const BYTE_ORDER_MARK = '\ufeff';
const encoder = new TextEncoder();

/** A placement's name: 1 to 40 of `a-z`, `0-9` and `_`. */
export function isPlacement(text: string): boolean {
  return PLACEMENT.test(text);
}

/** What is wrong with a product id, in words that follow "product id …"; undefined where it is fine. */
export function productIdFault(id: string): string | undefined {
  if (id.length === 0) return 'is empty';
  if (CONTROL_CHARACTER.test(id)) return 'contains a control character';
  if (id.startsWith(BYTE_ORDER_MARK)) {
    return 'begins with a byte-order mark (U+FEFF), which is lost where text is read';
  }
  if (!id.isWellFormed()) return 'is not valid Unicode';
  // A UTF-16 unit is at most three bytes of UTF-8, so short ids need no encoding to be counted.
  if (id.length * 3 > MAX_ID_BYTES) {
    const bytes = encoder.encode(id).length;
    if (bytes > MAX_ID_BYTES) return `is ${bytes} bytes long; at most ${MAX_ID_BYTES} are allowed`;
  }
  return undefined;
}

/** What is wrong with a user id: as for a product id, and `#` may not come first (the seal's key begins with it). */
export function userIdFault(id: string): string | undefined {
  if (id.startsWith('#')) return 'begins with #, which is reserved';
  return productIdFault(id);
}

/** A value as messages show it: quoted, control characters escaped, cut after 64 characters. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 66 ? text : `${text.slice(0, 64)}…"`;
}
