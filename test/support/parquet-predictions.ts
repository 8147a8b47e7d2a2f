import type { DuckDBConnection } from '@duckdb/node-api';
import { encodeItems, type RankedPair, type StoredPrediction } from '../../src/domain/prediction.ts';

/** The predictions in an archived parquet file, users in byte order: read by hand, as a second opinion. */
export async function predictionsIn(connection: DuckDBConnection, path: string): Promise<StoredPrediction[]> {
  const result = await connection.runAndReadAll(
    `SELECT userId, productId, score FROM read_parquet('${path}') ORDER BY userId, position`,
  );
  const users = new Map<string, RankedPair[]>();
  for (const [userId, productId, score] of result.getRows()) {
    const pairs = users.get(String(userId)) ?? [];
    pairs.push([String(productId), Number(score)]);
    users.set(String(userId), pairs);
  }
  return [...users].map(([userId, pairs]) => ({ userId, items: encodeItems(pairs) }));
}
