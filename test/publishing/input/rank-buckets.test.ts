import { readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { BadInputError, UnreachableError } from '../../../src/domain/errors.ts';
import { createContentHash } from '../../../src/publishing/content-hash.ts';
import { openWorkbench, type Workbench } from '../../../src/publishing/input/duckdb.ts';
import { keptPredictions } from '../../../src/publishing/input/kept-predictions.ts';
import { rankBuckets, rankInWorker } from '../../../src/publishing/input/rank-buckets.ts';
import { keptPath } from '../../../src/publishing/input/rank-share.ts';
import { collect, never } from '../fixtures.ts';

const options = { keep: 3, memoryLimitBytes: 64 * 1024 * 1024, signal: never };
const shape = { hasRank: false, hasTimestamp: false };
const USERS = 500;
const ROWS = 5;

/** SQL of a bucket's rows: `users` with five products each, the better the later. */
const bucket = (number: number, users = USERS) =>
  `SELECT 'user-' || ${1000 + number} || (100000 + i // ${ROWS}) AS userId,
          'product-' || i % ${ROWS} AS productId, (i % ${ROWS})::DOUBLE AS score
   FROM range(${users * ROWS}) rows(i)`;
/** Long enough for the other thread to have begun. */
const slow = `SELECT * FROM (${bucket(0, 1)}) WHERE (SELECT count(*) FROM range(4000000000)) > 0`;

describe('buckets of rows, ranked by two threads', () => {
  let workbench: Workbench;
  beforeEach(async () => {
    const { signal } = new AbortController();
    workbench = await openWorkbench({ memoryLimitBytes: 64 * 1024 * 1024, tempDir: tmpdir(), signal });
    onTestFinished(() => workbench.close());
  });
  const rank = (buckets: readonly string[], rows: number, signal = never) =>
    rankBuckets(workbench, { buckets, shape, rows, bad: 0, latest: 0 }, { ...options, signal });

  it.each([1, 2, 9])(
    'give %i files, in the order of the users, and the hash over all of them',
    async (count) => {
      const buckets = Array.from({ length: count }, (_, number) => bucket(number));
      const { keptPaths, contentHash, ...totals } = await rank(buckets, count * USERS * ROWS);
      const users = count * USERS;
      expect(totals).toEqual({ rows: users * ROWS, kept: users * options.keep, duplicates: 0, users });
      expect(keptPaths).toHaveLength(count);
      const kept = await collect(keptPredictions(keptPaths));
      const ids = kept.map(({ userId }) => userId);
      expect(ids).toEqual([...ids].sort());
      expect(ids).toHaveLength(users);
      expect(kept[0]?.items).toBe('[["product-4",4],["product-3",3],["product-2",2]]');
      const hash = createContentHash();
      for (const prediction of kept) hash.add(prediction);
      expect(contentHash).toBe(hash.digest());
    },
  );

  it('are not taken for users in order where one reaches into the next', async () => {
    await expect(rank([bucket(2), bucket(1)], 2 * USERS * ROWS)).rejects.toThrow('not in byte order');
  });

  it('are not complete where fewer rows came back than were scanned', async () => {
    await expect(rank([bucket(0), bucket(1)], 2 * USERS * ROWS + 1)).rejects.toBeInstanceOf(UnreachableError);
  });

  it.each([0, 1, 2])('are not complete where none of the rows of bucket %i came back', async (none) => {
    const buckets = [0, 1, 2].map((number) => bucket(number, number === none ? 0 : USERS));
    const incomplete = rank(buckets, 3 * USERS * ROWS);
    await expect(incomplete).rejects.toBeInstanceOf(UnreachableError);
    await expect(incomplete).rejects.toThrow(`only ${2 * USERS * ROWS} of ${3 * USERS * ROWS} rows`);
  });

  it('end soon where the caller gives up', async () => {
    const stop = new AbortController();
    const buckets = others();
    setTimeout(() => stop.abort(new Error('stopped by SIGINT')), 200);
    await expect(rank(buckets, 1, stop.signal)).rejects.toThrow('stopped by SIGINT');
    const kept = (await readdir(workbench.folder)).filter((name) => name.startsWith('kept-'));
    expect(kept.length).toBeLessThan(buckets.length / 2);
  });

  it('are unreachable for a thread that has no room for a folder of its own', async () => {
    const next = new Int32Array(new SharedArrayBuffer(4));
    const ranking = { buckets: [bucket(0)], shape, keep: 3, folder: '/dev/null', next };
    const failed = rankInWorker({ ranking, memoryLimitBytes: options.memoryLimitBytes }, () => undefined);
    await expect(failed).rejects.toBeInstanceOf(UnreachableError);
    await expect(failed).rejects.toThrow('no folder can be made in /dev/null');
  });

  it.each([
    ['this thread', (broken: string) => [broken, ...others()]],
    ['the other', (broken: string) => [slow, broken, ...others()]],
  ])('end soon where one cannot be read by %s, which says why', async (_who, among) => {
    const buckets = among(`SELECT * FROM read_parquet('${workbench.folder}/none.parquet')`);
    const failed = rank(buckets, 1);
    await expect(failed).rejects.toBeInstanceOf(UnreachableError);
    await expect(failed).rejects.toThrow('none.parquet');
    const kept = (await readdir(workbench.folder)).filter((name) => name.startsWith('kept-'));
    expect(kept.length).toBeLessThan(buckets.length / 2);
  });

  it.each([
    ['this thread', 0],
    ['the other', 1],
  ])('end where the disk takes nothing more from %s', async (_who, number) => {
    const buckets = number === 0 ? others() : [slow, ...others()];
    // A file that is there already stands for one that cannot be made.
    await writeFile(keptPath(workbench, number), '');
    const failed = rank(buckets, 1);
    await expect(failed).rejects.toBeInstanceOf(UnreachableError);
    await expect(failed).rejects.toThrow('what is read cannot be kept: EEXIST');
  });

  it('end where one user of the other thread has more rows than fit into memory, and name it', async () => {
    const rows = 500_000;
    const many = `SELECT 'user-x' AS userId, 'product-' || i AS productId, 1::DOUBLE AS score
                  FROM range(${rows}) rows(i)`;
    const failed = rank([slow, many], rows + ROWS);
    await expect(failed).rejects.toBeInstanceOf(BadInputError);
    await expect(failed).rejects.toThrow(`user "user-x" has ${rows} rows`);
  });
});

const others = () => Array.from({ length: 200 }, (_, number) => bucket(number + 1, 20_000));
