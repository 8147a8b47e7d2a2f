import type {
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBListVector,
  DuckDBResult,
  DuckDBVarCharVector,
} from '@duckdb/node-api';
import type { RowShape } from './row-source.ts';
import { rankUser, type RankedUser } from './rank.ts';

export interface RankedUserWithId extends RankedUser {
  readonly userId: string;
  /** How many rows the user has. */
  readonly rows: number;
}

// No id holds a control character, so one can stand between them.
const SEPARATOR = '\u0001';

/**
 * The users of a bucket with all their rows, in the order of their ids' bytes; resolves when the first can be taken.
 * @param rows SQL of the bucket's rows, as `scanRows` gives it
 */
export function groupUsers(
  connection: DuckDBConnection,
  rows: string,
  { hasRank }: Pick<RowShape, 'hasRank'>,
): Promise<DuckDBResult> {
  // One text of ids and lists of numbers a user: handing over single values costs JavaScript several times as much.
  return connection.stream(
    `SELECT userId, string_agg(productId, chr(1)), list(score)${hasRank ? ', list("rank")' : ''}
     FROM (${rows}) GROUP BY userId ORDER BY userId`,
  );
}

/**
 * The users of `groupUsers`, each with its rows ranked; in blocks, because a promise for each user would take longer
 * than its ranking. A block is ranked while it is gone through: a user that is done with is garbage before the collector
 * has to move it.
 */
export async function* rankedUsers(
  groups: DuckDBResult,
  { hasRank }: Pick<RowShape, 'hasRank'>,
  keep: number,
): AsyncGenerator<Iterable<RankedUserWithId>> {
  for await (const chunk of groups) yield usersIn(chunk, hasRank, keep);
}

function* usersIn(chunk: DuckDBDataChunk, hasRank: boolean, keep: number): Generator<RankedUserWithId> {
  const users = chunk.getColumnVector(0) as DuckDBVarCharVector;
  const products = chunk.getColumnVector(1) as DuckDBVarCharVector;
  const scores = chunk.getColumnVector(2) as DuckDBListVector;
  const ranks = hasRank ? (chunk.getColumnVector(3) as DuckDBListVector) : undefined;
  for (let row = 0; row < chunk.rowCount; row++) {
    const own = {
      productIds: products.getItem(row)!.split(SEPARATOR),
      scores: numbersAt(scores, row),
      ranks: ranks && numbersAt(ranks, row),
    };
    yield { userId: users.getItem(row)!, rows: own.productIds.length, ...rankUser(own, keep) };
  }
}

function numbersAt(list: DuckDBListVector, row: number): number[] {
  const from = list.getEntryOffset(row);
  const to = from + list.getEntryLength(row);
  const numbers: number[] = [];
  for (let at = from; at < to; at++) numbers.push(list.childVector.getItem(at) as number);
  return numbers;
}
