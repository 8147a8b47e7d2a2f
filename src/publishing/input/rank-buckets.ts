import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { DuckDBConnection } from '@duckdb/node-api';
import { BadInputError, messageOf, UnreachableError } from '../../domain/errors.ts';
import { shown } from '../../domain/ids.ts';
import { compareBytes } from '../byte-order.ts';
import { createContentHash } from '../content-hash.ts';
import { machineFault, type Workbench } from './duckdb.ts';
import {
  endRanking,
  keptPath,
  OUT_OF_ORDER,
  rankShare,
  type RankedBucket,
  type Ranking,
} from './rank-share.ts';
import type { RankWorkerData } from './rank-worker.ts';
import type { Scan } from './scan.ts';

/** More rows than this are no list for anybody, but a default or a missing id that took the place of many. */
const MAX_USER_ROWS = 100_000;

export interface RankOptions {
  /** Most products kept of each user. */
  readonly keep: number;
  /** For each of the two threads. */
  readonly memoryLimitBytes: number;
  readonly signal: AbortSignal;
}

/** What the ranking of all buckets came to. */
export interface Ranked {
  /** The files of what is kept, the users of one before those of the next. */
  readonly keptPaths: readonly string[];
  /** Rows read, rows kept, and rows that repeated a user's product. */
  readonly rows: number;
  readonly kept: number;
  readonly duplicates: number;
  readonly users: number;
  readonly contentHash: string;
}

/**
 * Ranks all buckets, shared out between this thread and another one, because the work is JavaScript's more than the
 * database's; counts and hashes what is kept. Throws UnreachableError where the disk, or the memory, is not enough,
 * BadInputError where one user has too many rows for it, and the signal's reason, once no thread is at work any more.
 */
export async function rankBuckets(
  workbench: Pick<Workbench, 'connect' | 'folder'>,
  scan: Scan,
  { keep, memoryLimitBytes, signal }: RankOptions,
): Promise<Ranked> {
  const { buckets, shape } = scan;
  const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const ranking: Ranking = { buckets, shape, keep, folder: workbench.folder, next };
  try {
    const ranked = await rankAll(ranking, await workbench.connect(), { memoryLimitBytes, signal });
    assertComplete(ranked.rows, scan.rows);
    return ranked;
  } catch (error) {
    const fault = machineFault(error);
    if (fault !== undefined) throw (await tooManyRows(workbench, scan, error)) ?? fault;
    throw diskFault(error) ?? error;
  }
}

async function rankAll(
  ranking: Ranking,
  connection: DuckDBConnection,
  { memoryLimitBytes, signal }: Omit<RankOptions, 'keep'>,
): Promise<Ranked> {
  const arrivals = ranking.buckets.map(() => Promise.withResolvers<RankedBucket>());
  const take = (ranked: RankedBucket) => arrivals[ranked.bucket]?.resolve(ranked);
  const rankHere = async () => {
    for await (const ranked of rankShare(connection, ranking)) take(ranked);
    signal.throwIfAborted();
  };
  // An interrupted query may look like one that has ended, and the next one would run: no bucket may be taken.
  const stop = () => endRanking(ranking);
  signal.addEventListener('abort', stop);
  const threads = [rankHere()];
  if (ranking.buckets.length > 1) threads.push(rankInWorker({ ranking, memoryLimitBytes }, take));
  const inOrder = arrivals.map(({ promise }) => promise);
  try {
    const [ranked] = await Promise.all([addUp(ranking, inOrder), ...threads]);
    return ranked;
  } finally {
    stop();
    signal.removeEventListener('abort', stop);
    await Promise.allSettled(threads);
  }
}

/** Has another thread take buckets until none is left, and hands over what comes of each. Rejects with what it threw. */
export async function rankInWorker(
  workerData: RankWorkerData,
  take: (ranked: RankedBucket) => void,
): Promise<void> {
  const worker = new Worker(new URL('./rank-worker.ts', import.meta.url), { workerData });
  worker.on('message', take);
  const [code] = (await once(worker, 'exit').catch(rethrow)) as [number];
  if (code !== 0) throw new Error(`the thread that ranks users ended with ${code}`);
}

/** Errors keep their fields on the way from another thread, and lose their class. */
function rethrow(error: unknown): never {
  const isUnreachable = error instanceof Error && 'code' in error && error.code === 'unreachable';
  throw isUnreachable ? new UnreachableError(error.message, { cause: error }) : error;
}

/** Adds up and hashes the buckets in their order, as they arrive. */
async function addUp(ranking: Ranking, buckets: readonly Promise<RankedBucket>[]): Promise<Ranked> {
  const hash = createContentHash();
  const keptPaths: string[] = [];
  const totals = { rows: 0, kept: 0, duplicates: 0, users: 0 };
  let last: string | undefined;
  for (const arriving of buckets) {
    const ranked = await arriving;
    // No bucket is made for nobody: what failed halfway (see `assertComplete`) is told by the count of rows.
    if (ranked.users === 0) continue;
    if (last !== undefined && compareBytes(last, ranked.first) >= 0) throw new Error(OUT_OF_ORDER);
    last = ranked.last;
    totals.rows += ranked.rows;
    totals.kept += ranked.kept;
    totals.duplicates += ranked.duplicates;
    totals.users += ranked.users;
    const path = keptPath(ranking, ranked.bucket);
    keptPaths.push(path);
    for await (const lines of createReadStream(path)) hash.addLines(lines as Buffer);
  }
  return { ...totals, keptPaths, contentHash: hash.digest() };
}

/**
 * Throws unless every row that was scanned came back. DuckDB's client takes a query that fails halfway (an interrupt,
 * a disk error while it reads what it spilled) for one that has no more rows.
 */
export function assertComplete(seen: number, scanned: number): void {
  if (seen === scanned) return;
  throw new UnreachableError(
    `only ${seen} of ${scanned} rows came back from the temporary folder; look at the disk and its space, and try again`,
  );
}

/**
 * Why the memory was not enough, if it is the input's fault: all rows of a user are ranked together, and another attempt
 * would end no better. Looked for afterwards, because counting every user's rows takes time that no other load needs.
 */
async function tooManyRows(
  workbench: Pick<Workbench, 'connect'>,
  { buckets }: Scan,
  cause: unknown,
): Promise<BadInputError | undefined> {
  try {
    const connection = await workbench.connect();
    for (const bucket of buckets) {
      const [[user, rows] = []] = (
        await connection.runAndReadAll(
          `SELECT userId, count(*)::DOUBLE FROM (${bucket}) GROUP BY userId HAVING count(*) > ${MAX_USER_ROWS} LIMIT 1`,
        )
      ).getRows();
      if (user === undefined) continue;
      return new BadInputError(
        `user ${shown(user)} has ${String(rows)} rows, more than fit into memory together; no more than ` +
          `${MAX_USER_ROWS} of one user are meant to`,
        { cause },
      );
    }
  } catch {
    // What was known before is what is reported.
  }
  return undefined;
}

/** A failure of the temporary folder's disk: errors of the file system have a number. */
function diskFault(error: unknown): UnreachableError | undefined {
  if (!(error instanceof Error && 'errno' in error)) return undefined;
  return new UnreachableError(
    `what is read cannot be kept: ${messageOf(error)}. Point TOPSHELF_TEMP_DIR to a disk with room.`,
    { cause: error },
  );
}
