import type { RankedPair } from '../../domain/prediction.ts';
import { compareBytes } from '../byte-order.ts';

/** One user's rows in any order, column by column. */
export interface UserRows {
  readonly productIds: readonly string[];
  readonly scores: readonly number[];
  /** From 1; none where the input has no ranks. */
  readonly ranks?: readonly number[];
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
export function rankUser({ productIds, scores, ranks }: UserRows, keep: number): RankedUser {
  const rankOf = (row: number) => ranks?.[row] ?? 0;
  const rows = distinctRows(productIds, (row, other) => {
    const better = scores[row]! - scores[other]!;
    return better > 0 || (better === 0 && rankOf(row) < rankOf(other));
  });
  rows.sort(
    (a, b) =>
      rankOf(a) - rankOf(b) || scores[b]! - scores[a]! || compareBytes(productIds[a]!, productIds[b]!),
  );
  const duplicates = productIds.length - rows.length;
  if (rows.length > keep) rows.length = keep;
  return { pairs: rows.map((row) => [productIds[row]!, scores[row]!]), duplicates };
}

/** One row of each product: the one that no other `isBetter` than. */
function distinctRows(
  productIds: readonly string[],
  isBetter: (row: number, other: number) => boolean,
): number[] {
  // Nearly all users have each product once, and a set of them costs less than a map of rows.
  if (new Set(productIds).size === productIds.length) return productIds.map((_, row) => row);
  const best = new Map<string, number>();
  productIds.forEach((productId, row) => {
    const other = best.get(productId);
    if (other === undefined || isBetter(row, other)) best.set(productId, row);
  });
  return [...best.values()];
}
