import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { sqlText } from '../sql-text.ts';
import { bucketSql } from './buckets.ts';
import { badRowSql, rowsSql, type RowShape, type RowSource } from './row-source.ts';

/** All rows, read and checked once, and laid down in buckets: the users of a bucket come before those of the next. */
export interface Scan {
  readonly shape: RowShape;
  /** SQL of each bucket's rows (userId, productId, score, and rank where rows have one), in the order of users. */
  readonly buckets: readonly string[];
  /** Good rows, and rows that break a rule. */
  readonly rows: number;
  readonly bad: number;
  /** The latest timestamp in milliseconds since the epoch; 0 where rows have none. */
  readonly latest: number;
}

const BAD = -1;

/** Reads the rows of all files into `folder`, which it makes. Rejects with DuckDB's error where a file cannot be read. */
export async function scanRows(
  connection: DuckDBConnection,
  sources: readonly RowSource[],
  shape: RowShape,
  bounds: readonly string[],
  folder: string,
): Promise<Scan> {
  // Uncompressed: these files are read once, soon; compressing them would be the dearest part of it.
  await connection.run(
    `COPY (SELECT *, CASE WHEN ${badRowSql(shape)} THEN ${BAD} ELSE ${bucketSql('userId', bounds)} END AS bucket
           FROM (${rowsSql(sources, shape)}))
     TO ${sqlText(folder)} (FORMAT parquet, COMPRESSION uncompressed, PARTITION_BY (bucket))`,
  );
  const names = new Set(await readdir(folder).catch(() => []));
  const files = (bucket: number) =>
    `read_parquet(${sqlText(join(folder, `bucket=${bucket}`, '*.parquet'))}, hive_partitioning=false)`;
  const filled = Array.from({ length: bounds.length + 1 }, (_, bucket) => bucket).filter((bucket) =>
    names.has(`bucket=${bucket}`),
  );
  const all = `read_parquet(${sqlText(join(folder, '*', '*.parquet'))}, hive_partitioning=true)`;
  const counts = names.size === 0 ? [0, 0, 0] : await countRows(connection, all, shape);
  const [rows = 0, bad = 0, latest = 0] = counts;
  return { shape, buckets: filled.map((bucket) => `SELECT * FROM ${files(bucket)}`), rows, bad, latest };
}

async function countRows(
  connection: DuckDBConnection,
  from: string,
  { hasTimestamp }: RowShape,
): Promise<number[]> {
  const latest = hasTimestamp ? `max("at") FILTER (bucket <> ${BAD})` : '0';
  const result = await connection.runAndReadAll(
    `SELECT count(*) FILTER (bucket <> ${BAD}), count(*) FILTER (bucket = ${BAD}), ${latest} FROM ${from}`,
  );
  return (result.getRows()[0] ?? []).map(Number);
}
