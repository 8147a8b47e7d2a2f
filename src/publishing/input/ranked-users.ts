import type { DuckDBConnection, DuckDBListVector, DuckDBResult } from '@duckdb/node-api';
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
 * than its ranking.
 */
export async function* rankedUsers(
  groups: DuckDBResult,
  { hasRank }: Pick<RowShape, 'hasRank'>,
  keep: number,
): AsyncGenerator<RankedUserWithId[]> {
  for await (const chunk of groups) {
    const users = chunk.getColumnValues(0) as string[];
    const products = chunk.getColumnValues(1) as string[];
    const scores = chunk.getColumnVector(2) as DuckDBListVector;
    const ranks = hasRank ? (chunk.getColumnVector(3) as DuckDBListVector) : undefined;
    yield users.map((userId, row) => {
      const own = {
        productIds: products[row]!.split(SEPARATOR),
        scores: numbersAt(scores, row),
        ...(ranks === undefined ? {} : { ranks: numbersAt(ranks, row) }),
      };
      return { userId, rows: own.productIds.length, ...rankUser(own, keep) };
    });
  }
}

function numbersAt(list: DuckDBListVector, row: number): number[] {
  const from = list.getEntryOffset(row);
  const numbers: number[] = [];
  for (let at = from; at < from + list.getEntryLength(row); at++) {
    numbers.push(list.childVector.getItem(at) as number);
  }
  return numbers;
}
