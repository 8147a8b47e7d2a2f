import { DuckDBDataChunk, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import type { RankedPair, StoredPrediction } from '../../domain/prediction.ts';
import { compareBytes } from '../byte-order.ts';
import { sqlText } from './row-source.ts';

/** How many places of each user count for `popular`: those of an ordinary answer. */
const FIRST_PLACES = 5;
const POPULAR_PRODUCTS = 20;
const CHUNK_ROWS = 2048;

/** Takes the predictions that are kept, users in byte order. */
export interface KeptPredictions {
  add(prediction: StoredPrediction): void;
  finish(): void;
}

/** Opens the table that collects what is kept, in its final form: everything else is made of it. */
export async function collectPredictions(connection: DuckDBConnection): Promise<KeptPredictions> {
  await connection.run('CREATE TABLE predictions (userId VARCHAR NOT NULL, items VARCHAR NOT NULL)');
  const appender = await connection.createAppender('predictions');
  let columns: [string[], string[]] = [[], []];
  let last: string | undefined;
  const flush = () => {
    const chunk = DuckDBDataChunk.create([VARCHAR, VARCHAR]);
    chunk.setColumns(columns);
    appender.appendDataChunk(chunk);
    columns = [[], []];
  };
  return {
    add({ userId, items }) {
      if (last !== undefined && compareBytes(last, userId) >= 0)
        throw new Error('users are not in byte order');
      last = userId;
      columns[0].push(userId);
      columns[1].push(items);
      if (columns[0].length === CHUNK_ROWS) flush();
    },
    finish() {
      if (columns[0].length > 0) flush();
      appender.closeSync();
    },
  };
}

/** Writes what was kept to a parquet file: userId, productId, score, position (from 1), in the order it was added. */
export async function writeParquet(connection: DuckDBConnection, path: string): Promise<void> {
  await connection.run(
    `COPY (
       SELECT userId, pair[1] AS productId, pair[2]::DOUBLE AS score, position FROM (
         SELECT userId, unnest(pairs) AS pair, generate_subscripts(pairs, 1)::INTEGER AS position FROM (
           SELECT userId, from_json(items, '[["VARCHAR"]]') AS pairs FROM predictions)))
     TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`,
  );
}

/** The products in most users' first five, with the share of users as score, ties by product id's bytes. */
export async function popularOf(
  connection: DuckDBConnection,
  parquetPath: string,
  users: number,
): Promise<RankedPair[]> {
  const result = await connection.runAndReadAll(
    `SELECT productId, count(*)::DOUBLE FROM read_parquet(${sqlText(parquetPath)}) WHERE position <= ${FIRST_PLACES}
     GROUP BY productId ORDER BY 2 DESC, productId LIMIT ${POPULAR_PRODUCTS}`,
  );
  return result.getRows().map((row) => [String(row[0]), Number(row[1]) / users]);
}

/** What was kept, in the order it was added. */
export async function* keptPredictions(connection: DuckDBConnection): AsyncGenerator<StoredPrediction> {
  const result = await connection.stream('SELECT userId, items FROM predictions');
  for await (const chunk of result) {
    const [users, items] = chunk.getColumns() as [string[], string[]];
    for (let row = 0; row < users.length; row++) yield { userId: users[row]!, items: items[row]! };
  }
}
