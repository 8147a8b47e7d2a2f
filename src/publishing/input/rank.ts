import type { RankedPair } from '../../domain/prediction.ts';
import { compareBytes } from '../byte-order.ts';

/** One row of a user: what the model says about one product. */
export interface ScoredProduct {
  readonly productId: string;
  readonly score: number;
  /** From 1; 0 throughout where the input has no ranks. */
  readonly rank: number;
}

/** A user's rows in order: the best `keep` of them, and how many rows repeated a product. */
export interface RankedUser {
  readonly pairs: RankedPair[];
  readonly duplicates: number;
}

/**
 * Orders a user's rows by rank where there is one, then score descending, then product id by bytes, and keeps the
 * first. Of rows with the same product the one with the best score counts (of those, the one with the best rank).
 */
export function rankUser(rows: readonly ScoredProduct[], keep: number): RankedUser {
  const best = new Map<string, ScoredProduct>();
  for (const row of rows) {
    const other = best.get(row.productId);
    if (
      other === undefined ||
      row.score > other.score ||
      (row.score === other.score && row.rank < other.rank)
    ) {
      best.set(row.productId, row);
    }
  }
  const ordered = [...best.values()].sort(
    (a, b) => a.rank - b.rank || b.score - a.score || compareBytes(a.productId, b.productId),
  );
  return {
    // Adding zero turns -0, which JSON cannot tell from 0, into 0.
    pairs: ordered.slice(0, keep).map(({ productId, score }) => [productId, score + 0]),
    duplicates: rows.length - best.size,
  };
}
