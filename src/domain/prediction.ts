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
