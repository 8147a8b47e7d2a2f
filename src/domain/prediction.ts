/** One product for one user, with the score its model gave it. */
export interface Recommendation {
  readonly productId: string;
  readonly score: number;
}

/** A recommendation as it is stored: `[productId, score]`. */
export type RankedPair = readonly [productId: string, score: number];

/** One user's ranked recommendations as stored: JSON text of pairs, best first. */
export interface StoredPrediction {
  readonly userId: string;
  readonly items: string;
}

/**
 * JSON text of `[productId, score]` pairs: 20 recommendations stay under 1 KB, which is one write unit and half a
 * read unit of DynamoDB. Scores are written as the shortest text that reads back as the same double.
 */
export function encodeItems(pairs: readonly RankedPair[]): string {
  return JSON.stringify(pairs);
}

/** The recommendations in an item's text. Throws TypeError or SyntaxError where it is not what `encodeItems` writes. */
export function decodeItems(items: string): Recommendation[] {
  return toRecommendations(JSON.parse(items));
}

/** Pairs as recommendations. Throws TypeError where `pairs` is not a list of `[string, finite number]`. */
export function toRecommendations(pairs: unknown): Recommendation[] {
  return checkPairs(pairs).map(([productId, score]) => ({ productId, score }));
}

/** The pairs in an item's text, as they are. Throws TypeError or SyntaxError where it is not what `encodeItems` writes. */
export function decodePairs(items: string): readonly RankedPair[] {
  return checkPairs(JSON.parse(items));
}

/**
 * The first `count` pairs in an item's text, for a fraction of the time that all of them take. Throws as `decodePairs`
 * does where they are not what `encodeItems` writes; what comes after them is not looked at.
 */
export function decodeFirstPairs(items: string, count: number): readonly RankedPair[] {
  const end = endOfPairs(items, count);
  return decodePairs(end === -1 ? items : `${items.slice(0, end)}]`);
}

/** Where the `count`th pair ends; -1 where there are no more pairs than that. */
function endOfPairs(items: string, count: number): number {
  let from = 1;
  for (let pairs = 0; pairs < count; pairs += 1) {
    // A pair is `["id",score]`: behind the end of its id no bracket can come but its own.
    from = items.indexOf(']', endOfString(items, from + 1)) + 1;
    if (from === 0 || items[from] !== ',') return -1;
    if (pairs < count - 1) from += 1;
  }
  return from;
}

/** The position behind the JSON string that begins at `start`; the text's end where none does. */
function endOfString(text: string, start: number): number {
  if (text[start] !== '"') return text.length;
  let quote = text.indexOf('"', start + 1);
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote === -1 ? text.length : quote + 1;
}

/** Whether an odd number of backslashes stands before this position. */
function isEscaped(text: string, position: number): boolean {
  let start = position;
  while (text[start - 1] === '\\') start -= 1;
  return (position - start) % 2 === 1;
}

function checkPairs(pairs: unknown): readonly RankedPair[] {
  if (!Array.isArray(pairs)) throw new TypeError('not a list of [productId, score] pairs');
  for (const pair of pairs as unknown[]) {
    const isPair =
      Array.isArray(pair) &&
      pair.length === 2 &&
      typeof pair[0] === 'string' &&
      typeof pair[1] === 'number' &&
      Number.isFinite(pair[1]);
    if (!isPair) throw new TypeError('not a [productId, score] pair');
  }
  return pairs as RankedPair[];
}
