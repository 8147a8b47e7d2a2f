import { compareBytes } from '../byte-order.ts';
import { sqlText } from '../sql-text.ts';

/**
 * Bytes of input text that one bucket shall hold, as a part of the memory limit: the rows of two buckets are in memory
 * at once, where they take several times their text.
 */
const LIMIT_PARTS = 32;
const MAX_BUCKETS = 1000;

/**
 * User ids that cut the users, in byte order, into buckets of about the same size. `samples` are ids of rows drawn from
 * the whole input; where they mislead, buckets differ in size, and nothing else does.
 */
export function bucketBounds(
  samples: readonly string[],
  contentBytes: number,
  memoryLimitBytes: number,
): string[] {
  const buckets = Math.min(MAX_BUCKETS, Math.ceil((contentBytes * LIMIT_PARTS) / memoryLimitBytes));
  const ordered = samples
    .filter((id) => id !== '' && !id.includes('\0') && id.isWellFormed())
    .sort(compareBytes);
  const bounds = Array.from(
    { length: Math.max(0, buckets - 1) },
    (_, at) => ordered[Math.floor(((at + 1) * ordered.length) / buckets)],
  );
  return [...new Set(bounds.filter((bound) => bound !== undefined))];
}

/** SQL for the number of a user's bucket, 0 to `bounds.length`: a search by halves. */
export function bucketSql(column: string, bounds: readonly string[], from = 0, to = bounds.length): string {
  if (from === to) return String(from);
  const middle = (from + to) >> 1;
  const below = bucketSql(column, bounds, from, middle);
  const others = bucketSql(column, bounds, middle + 1, to);
  return `CASE WHEN ${column} < ${sqlText(bounds[middle] ?? '')} THEN ${below} ELSE ${others} END`;
}
