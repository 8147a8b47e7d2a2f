import type { RankedPair } from '../../domain/prediction.ts';
import { compareBytes } from '../byte-order.ts';

/** One user's rows in any order, column by column. */
export interface UserRows {
  readonly productIds: readonly string[];
  readonly scores: readonly number[];
  /** From 1; none where the input has no ranks. */
  readonly ranks: readonly number[] | undefined;
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
  const rankOf = (row: number) => (ranks === undefined ? 0 : ranks[row]!);
  const rows = distinctRows(productIds, (row, other) => {
    const better = scores[row]! - scores[other]!;
    return better > 0 || (better === 0 && rankOf(row) < rankOf(other));
  });
  const isBefore = (row: number, other: number) =>
    (rankOf(row) - rankOf(other) ||
      scores[other]! - scores[row]! ||
      compareBytes(productIds[row]!, productIds[other]!)) < 0;
  const pairs = firstRows(rows, keep, isBefore).map((row): RankedPair => [productIds[row]!, scores[row]!]);
  return { pairs, duplicates: productIds.length - rows.length };
}

/** The first `keep` rows in order. Lists are short: putting each row into its place costs half of what a sort does. */
function firstRows(
  rows: readonly number[],
  keep: number,
  isBefore: (row: number, other: number) => boolean,
): number[] {
  const first: number[] = [];
  for (const row of rows) {
    if (first.length < keep) first.push(row);
    else if (!isBefore(row, first[keep - 1]!)) continue;
    let at = first.length - 1;
    for (; at > 0 && isBefore(row, first[at - 1]!); at--) first[at] = first[at - 1]!;
    first[at] = row;
  }
  return first;
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
