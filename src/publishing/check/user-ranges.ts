import type { DuckDBConnection } from '@duckdb/node-api';
import { compareBytes } from '../byte-order.ts';
import { sqlText } from '../sql-text.ts';

/** Rows of one range, about: users enough to be quick, and few enough that grouping them takes some 50 MB. */
export const ROWS_PER_RANGE = 1_250_000;

/**
 * Conditions on userId that part all users among ranges of about `rowsPerRange` rows. Working through them one after
 * the other keeps memory flat whatever the number of users, and reads no row twice: predictions.parquet is in the order
 * of user ids, so a condition on them skips all row groups but its own. Any borders would give the same results; these
 * are where the file's own row groups begin.
 */
export async function userRanges(
  connection: DuckDBConnection,
  path: string,
  rowsPerRange = ROWS_PER_RANGE,
): Promise<string[]> {
  const result = await connection.runAndReadAll(
    `SELECT stats_min_value, row_group_num_rows FROM parquet_metadata(${sqlText(path)})
     WHERE path_in_schema = 'userId' ORDER BY row_group_id`,
  );
  const borders = new Set<string>();
  let rows = 0;
  for (const [first, count] of result.getRows()) {
    if (rows >= rowsPerRange && typeof first === 'string') {
      borders.add(first);
      rows = 0;
    }
    rows += Number(count);
  }
  const sorted = [...borders].sort(compareBytes).map(sqlText);
  return [...sorted, undefined].map((to, at) => {
    const from = sorted[at - 1];
    const conditions = [from && `userId >= ${from}`, to && `userId < ${to}`].filter(Boolean);
    return conditions.join(' AND ') || 'true';
  });
}
