import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TopshelfError } from '../../src/domain/errors.ts';
import { InterruptedError, StoreError, StoreThrottledError } from '../../src/domain/errors.ts';
import { isVersion } from '../../src/domain/version.ts';
import { load } from '../../src/publishing/load.ts';
import { readManifest } from '../../src/publishing/manifest.ts';
import type { ProgressEvent } from '../../src/publishing/progress.ts';
import { createSample } from '../../src/publishing/read-back.ts';
import { batch, createFolder, createPublisher, csv, never, type TestPublisher } from './fixtures.ts';

let folder: Awaited<ReturnType<typeof createFolder>>;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(() => folder.remove());

const PATIENT = { concurrency: 4, stallMs: 20_000 };

async function loadText(
  publisher: TestPublisher,
  text: string,
  events: ProgressEvent[] = [],
  writing = PATIENT,
) {
  const request = { placement: 'home', paths: [await folder.file(text)], writing };
  return load(publisher, request, (event) => events.push(event), never);
}

async function usersIn({ tables }: TestPublisher, table: string, users: number): Promise<number> {
  let found = 0;
  for (let at = 0; at < users; at += 100) {
    const ids = Array.from({ length: Math.min(100, users - at) }, (_, index) => `user-${at + index}`);
    found += (await tables.readBack(table, ids, never)).size;
  }
  return found;
}

describe('a load', () => {
  it.each([1, 24, 25, 26, 50, 51, 333])(
    'of %i users writes each of them, and then the seal',
    async (users) => {
      const publisher = createPublisher();
      const events: ProgressEvent[] = [];
      const { table, version, seal, manifest } = await loadText(publisher, batch(users), events);
      expect(await usersIn(publisher, table, users)).toBe(users);
      expect(isVersion(version)).toBe(true);
      expect(table).toBe(`topshelf-home-${version}`);
      expect(await publisher.tables.readSeal(table, never)).toEqual(seal);
      expect(seal).toMatchObject({ placement: 'home', version, users, schemaVersion: 1 });
      expect(manifest).toMatchObject({
        users,
        rows: users * 6,
        kept: users * 6,
        rejected: 0,
        readBack: { users },
      });
      expect(publisher.tables.calls.writes).toBe(Math.ceil(users / 25));
      expect(events.map(({ kind }) => kind).filter((kind, at, all) => kind !== all[at - 1])).toEqual([
        ...['reading', 'read', 'table-created', 'written', 'read-back', 'sealed'],
      ]);
    },
  );

  it('leaves its proof in the archive: manifest and parquet', async () => {
    const publisher = createPublisher();
    const { version, manifest } = await loadText(publisher, batch(3));
    expect(await readManifest(publisher.archive, 'home', version, never)).toEqual(manifest);
    const parquet = await publisher.archive.get(`home/versions/${version}/predictions.parquet`, never);
    expect(
      Buffer.from(parquet ?? [])
        .subarray(0, 4)
        .toString(),
    ).toBe('PAR1');
    expect(manifest.files[0]).toMatchObject({ bytes: batch(3).length, compression: 'none' });
    expect(manifest.createdBy).toBe('ada@shop');
  });

  it('makes no table of input that is refused', async () => {
    const publisher = createPublisher();
    await expect(loadText(publisher, `${batch(60)}user,product,NaN\n`)).rejects.toThrow('score "NaN"');
    expect(await publisher.tables.list('', never)).toEqual([]);
    expect(await publisher.archive.list('', never)).toEqual([]);
  });

  it.each([undefined, 'nightly'])('says so where no table can be made (run %s)', async (runId) => {
    const publisher = createPublisher();
    publisher.tables.create = () => Promise.reject(new StoreThrottledError('too many tables'));
    const request = { placement: 'home', paths: [await folder.file(batch(3))], runId };
    const loading = load(publisher, request, () => undefined, never);
    await expect(loading).rejects.toThrow(
      /^too many tables\. Nothing was loaded: table topshelf-home-\S+, if it is there at all, has no seal/,
    );
    expect(publisher.tables.calls.writes).toBe(0);
  });

  it('loses nothing and doubles nothing, however the store throttles', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 130 }),
        fc.integer({ min: 0, max: 999 }),
        async (users, seed) => {
          const publisher = createPublisher();
          let random = seed;
          const acknowledged: string[] = [];
          publisher.tables.faults.unprocessed = (predictions) => {
            random = (random * 1103515245 + 12345) % 2147483648;
            if (random % 7 === 0) throw new StoreThrottledError('slow down');
            const left = predictions.filter((_, at) => (random >> (at % 20)) % 3 === 0);
            acknowledged.push(
              ...predictions.filter((one) => !left.includes(one)).map(({ userId }) => userId),
            );
            return left;
          };
          const { table } = await loadText(publisher, batch(users));
          expect(await usersIn(publisher, table, users)).toBe(users);
          expect(new Set(acknowledged).size).toBe(acknowledged.length);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('gives up, unsealed and saying so, when the store takes nothing for too long', async () => {
    const publisher = createPublisher();
    publisher.tables.faults.unprocessed = (predictions) => predictions;
    const impatient = { concurrency: 4, stallMs: 300 };
    const error = await loadText(publisher, batch(30), [], impatient).catch(
      (caught: unknown) => caught as TopshelfError,
    );
    expect(error).toBeInstanceOf(StoreThrottledError);
    expect((error as Error).message).toMatch(
      /has taken nothing for .* stays without a seal: it is never activated/,
    );
    const [table] = await publisher.tables.list('topshelf-home-', never);
    expect(await publisher.tables.readSeal(table!, never)).toBeNull();
  });

  it('gives up on a store that keeps failing otherwise', async () => {
    const publisher = createPublisher();
    publisher.tables.faults.unprocessed = () => {
      throw new StoreError('no permission');
    };
    await expect(loadText(publisher, batch(3))).rejects.toThrow(
      /^no permission\. Table .* stays without a seal/,
    );
    expect(publisher.tables.calls.writes).toBe(6);
  });

  it('reads back and seals also while the store is slow for a moment', async () => {
    const publisher = createPublisher();
    const { tables } = publisher;
    const [readBack, seal] = [tables.readBack.bind(tables), tables.seal.bind(tables)];
    let refusals = 4;
    const slow = () => {
      if (refusals-- > 2 || refusals === 0) throw new StoreThrottledError('slow down');
    };
    tables.readBack = async (...request) => {
      slow();
      return readBack(...request);
    };
    tables.seal = async (...request) => {
      slow();
      return seal(...request);
    };
    const loaded = await loadText(publisher, batch(3));
    expect(await tables.readSeal(loaded.table, never)).toEqual(loaded.seal);
  });

  it('does not seal a table that holds something else than was written', async () => {
    const publisher = createPublisher();
    const readBack = publisher.tables.readBack.bind(publisher.tables);
    publisher.tables.readBack = async (table, users, signal) => {
      const stored = new Map(await readBack(table, users, signal));
      return stored.set('user-7', '[]');
    };
    await expect(loadText(publisher, batch(20))).rejects.toThrow('user "user-7" has "[]" instead of');
    const [table] = await publisher.tables.list('topshelf-home-', never);
    expect(await publisher.tables.readSeal(table!, never)).toBeNull();
  });

  it('stops when it is interrupted, without a seal', async () => {
    const publisher = createPublisher();
    const interruption = new AbortController();
    publisher.tables.faults.unprocessed = () => {
      interruption.abort(new Error('stopped by SIGINT'));
      return [];
    };
    const request = { placement: 'home', paths: [await folder.file(batch(60))], writing: PATIENT };
    const attempt = load(publisher, request, () => undefined, interruption.signal);
    await expect(attempt).rejects.toBeInstanceOf(InterruptedError);
    const [table] = await publisher.tables.list('topshelf-home-', never);
    await expect(attempt).rejects.toThrow(
      `table ${table} was not finished: it is never activated, and may be deleted`,
    );
    expect(await publisher.tables.readSeal(table!, never)).toBeNull();
  });

  it('gives the same content the same hash, whatever order the rows come in', async () => {
    const rows = [
      ['b', 'x', 1],
      ['a', 'y', 2],
      ['a', 'z', 3],
    ];
    const one = await loadText(createPublisher(), csv(rows));
    const other = await loadText(createPublisher(), csv(rows.toReversed()));
    expect(one.seal.contentHash).toBe(other.seal.contentHash);
  });
});

it.each([
  [1, 1],
  [1001, 1001],
  [10_000, 10_000],
  [10_001, 1000],
  [123_457, 1000],
])('of %i users %i are read back, the last among them', (users, expected) => {
  const sample = createSample(users);
  for (let at = 1; at <= users; at++) sample.look({ userId: `u${at}`, items: '[]' });
  expect(sample.picked).toHaveLength(expected);
  expect(sample.picked.at(-1)?.userId).toBe(`u${users}`);
});
