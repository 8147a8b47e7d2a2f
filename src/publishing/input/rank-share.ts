import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { encodeItems } from '../../domain/prediction.ts';
import { compareBytes } from '../byte-order.ts';
import { contentLine } from '../content-hash.ts';
import { groupUsers, rankedUsers } from './ranked-users.ts';
import type { Scan } from './scan.ts';

/** The ranking of all buckets, as every thread that takes part in it sees it. */
export interface Ranking extends Pick<Scan, 'buckets' | 'shape'> {
  readonly keep: number;
  /** Where the files of what is kept go. */
  readonly folder: string;
  /** One number, shared by the threads: the first bucket that nobody has taken. */
  readonly next: Int32Array<SharedArrayBuffer>;
}

/** What the ranking of one bucket came to: nothing but numbers and texts, as another thread may have done it. */
export interface RankedBucket {
  readonly bucket: number;
  /** Rows read, rows kept, and rows that repeated a user's product. */
  readonly rows: number;
  readonly kept: number;
  readonly duplicates: number;
  readonly users: number;
  /** Its first and last user; empty where it has none. */
  readonly first: string;
  readonly last: string;
}

export const OUT_OF_ORDER = 'users are not in byte order';
const FLUSH_CHARACTERS = 256 * 1024;

/** Takes one bucket after the other, until none is left, and writes a line for each user to the bucket's file. */
export async function* rankShare(
  connection: DuckDBConnection,
  ranking: Ranking,
): AsyncGenerator<RankedBucket> {
  for (;;) {
    const bucket = Atomics.add(ranking.next, 0, 1);
    if (bucket >= ranking.buckets.length) return;
    yield await rankBucket(connection, ranking, bucket);
  }
}

/** No bucket is taken any more. */
export function endRanking({ next, buckets }: Ranking): void {
  Atomics.store(next, 0, buckets.length);
}

/** The file of what is kept of a bucket: the `contentLine` of each user, in the order of their ids' bytes. */
export function keptPath({ folder }: Pick<Ranking, 'folder'>, bucket: number): string {
  return join(folder, `kept-${bucket}`);
}

async function rankBucket(
  connection: DuckDBConnection,
  ranking: Ranking,
  bucket: number,
): Promise<RankedBucket> {
  const { buckets, shape, keep } = ranking;
  const totals = { bucket, rows: 0, kept: 0, duplicates: 0, users: 0 };
  let first: string | undefined;
  let last = '';
  // A plain file: a table of the database takes several times the CPU to fill and to read.
  const file = openSync(keptPath(ranking, bucket), 'wx');
  let text = '';
  const flush = () => {
    const bytes = Buffer.from(text);
    text = '';
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
  };
  try {
    const groups = await groupUsers(connection, buckets[bucket]!, shape);
    for await (const users of rankedUsers(groups, shape, keep)) {
      for (const { userId, rows, pairs, duplicates } of users) {
        if (first !== undefined && compareBytes(last, userId) >= 0) throw new Error(OUT_OF_ORDER);
        first ??= userId;
        last = userId;
        text += contentLine({ userId, items: encodeItems(pairs) });
        if (text.length >= FLUSH_CHARACTERS) flush();
        totals.rows += rows;
        totals.kept += pairs.length;
        totals.duplicates += duplicates;
        totals.users += 1;
      }
    }
    flush();
  } finally {
    closeSync(file);
  }
  return { ...totals, first: first ?? '', last };
}
