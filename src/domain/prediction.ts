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
  if (!Array.isArray(pairs)) throw new TypeError('not a list of [productId, score] pairs');
  return pairs.map((pair: unknown) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new TypeError('not a [productId, score] pair');
    const [productId, score] = pair as unknown[];
    if (typeof productId !== 'string' || typeof score !== 'number' || !Number.isFinite(score)) {
      throw new TypeError('not a [productId, score] pair');
    }
    return { productId, score };
  });
}
