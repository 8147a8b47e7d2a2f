import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { RankedPair, StoredPrediction } from '../../domain/prediction.ts';
import { AFTER_ID } from '../content-hash.ts';
import { sqlText } from '../sql-text.ts';

/** How many places of each user count for `popular`: those of an ordinary answer. */
const FIRST_PLACES = 5;
const POPULAR_PRODUCTS = 20;
// A block and its lines end as young garbage: with 256 KB they grew old, and the heap by another 100 MB.
const READ_BYTES = 32 * 1024;
// DynamoDB takes items of 400 KB at most.
const MAX_LINE_BYTES = 1_000_000;

/** What was kept: the users of one file after those of another. */
export async function* keptPredictions(paths: readonly string[]): AsyncGenerator<StoredPrediction> {
  for (const path of paths) yield* keptIn(path);
}

async function* keptIn(path: string): AsyncGenerator<StoredPrediction> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const end = line.indexOf(AFTER_ID);
      yield { userId: line.slice(0, end), items: line.slice(end + 1) };
    }
  }
}

/** Writes what was kept to a parquet file: userId, productId, score, position (from 1), in the order of the users. */
export async function writeParquet(
  connection: DuckDBConnection,
  keptPaths: readonly string[],
  parquetPath: string,
): Promise<void> {
  await connection.run(
    `COPY (
       SELECT userId, pair[1] AS productId, pair[2]::DOUBLE AS score, position FROM (
         SELECT userId, unnest(pairs) AS pair, generate_subscripts(pairs, 1)::INTEGER AS position FROM (
           SELECT userId, from_json(items, '[["VARCHAR"]]') AS pairs
           FROM read_csv([${keptPaths.map(sqlText).join(', ')}], columns={'userId': 'VARCHAR', 'items': 'VARCHAR'}, header=false,
             auto_detect=false, delim=chr(${AFTER_ID.charCodeAt(0)}), quote='', escape='', new_line='\\n',
             max_line_size=${MAX_LINE_BYTES}, buffer_size=${4 * MAX_LINE_BYTES}))))
     TO ${sqlText(parquetPath)} (FORMAT parquet, COMPRESSION zstd)`,
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
