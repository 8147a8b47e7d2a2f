import { DOUBLE, DuckDBDataChunk, INTEGER, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import { encodeItems, type RankedPair, type StoredPrediction } from '../../domain/prediction.ts';
import { compareBytes } from '../byte-order.ts';

const CHUNK_ROWS = 2048;
/** How many places of each user count for `popular`: those of an ordinary answer. */
const FIRST_PLACES = 5;
const POPULAR_PRODUCTS = 20;

/** Takes the rows that are kept, users in byte order. */
export interface KeptRows {
  add(userId: string, pairs: readonly RankedPair[]): void;
  finish(): void;
}

/** Opens the table that collects what is kept: the source of the parquet file, which everything else is read from. */
export async function collectKeptRows(connection: DuckDBConnection): Promise<KeptRows> {
  await connection.run(
    'CREATE TABLE kept (userId VARCHAR NOT NULL, productId VARCHAR NOT NULL, score DOUBLE NOT NULL, position INTEGER NOT NULL)',
  );
  const appender = await connection.createAppender('kept');
  let columns: [string[], string[], number[], number[]] = [[], [], [], []];
  const flush = () => {
    const chunk = DuckDBDataChunk.create([VARCHAR, VARCHAR, DOUBLE, INTEGER]);
    chunk.setColumns(columns);
    appender.appendDataChunk(chunk);
    columns = [[], [], [], []];
  };
  return {
    add(userId, pairs) {
      pairs.forEach(([productId, score], index) => {
        columns[0].push(userId);
        columns[1].push(productId);
        columns[2].push(score);
        columns[3].push(index + 1);
        if (columns[0].length === CHUNK_ROWS) flush();
      });
    },
    finish() {
      if (columns[0].length > 0) flush();
      appender.closeSync();
    },
  };
}

/** Writes what was kept to a parquet file, in the order it was added. */
export async function writeParquet(connection: DuckDBConnection, path: string): Promise<void> {
  await connection.run(`COPY kept TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`);
}

/** The products in most users' first five, with the share of users as score, ties by product id's bytes. */
export async function popularOf(connection: DuckDBConnection, users: number): Promise<RankedPair[]> {
  const result = await connection.runAndReadAll(
    `SELECT productId, count(*)::DOUBLE FROM kept WHERE position <= ${FIRST_PLACES}
     GROUP BY productId ORDER BY 2 DESC, productId LIMIT ${POPULAR_PRODUCTS}`,
  );
  return result.getRows().map((row) => [String(row[0]), Number(row[1]) / users]);
}

/** The predictions in a parquet file of `writeParquet`, one a user, in the file's order: that of user ids' bytes. */
export async function* predictionsIn(
  connection: DuckDBConnection,
  path: string,
): AsyncGenerator<StoredPrediction> {
  const result = await connection.stream(
    `SELECT userId, productId, score FROM read_parquet('${path.replaceAll("'", "''")}')`,
  );
  let userId: string | undefined;
  let pairs: RankedPair[] = [];
  for await (const chunk of result) {
    const [users, products, scores] = chunk.getColumns() as [string[], string[], number[]];
    for (let row = 0; row < users.length; row++) {
      const user = users[row]!;
      if (user !== userId) {
        if (userId !== undefined) {
          if (compareBytes(userId, user) >= 0) throw new Error(`${path} is not in the order of user ids`);
          yield { userId, items: encodeItems(pairs) };
        }
        userId = user;
        pairs = [];
      }
      pairs.push([products[row]!, scores[row]!]);
    }
  }
  if (userId !== undefined) yield { userId, items: encodeItems(pairs) };
}
