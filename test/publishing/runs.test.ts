import { utimes } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoreError, UnreachableError, type TopshelfError } from '../../src/domain/errors.ts';
import { decodePointer, encodePointer } from '../../src/pointer/codec.ts';
import { activate } from '../../src/publishing/activate.ts';
import type { LoadRequest } from '../../src/publishing/load-request.ts';
import { load } from '../../src/publishing/load.ts';
import type { ProgressEvent } from '../../src/publishing/progress.ts';
import { prune } from '../../src/publishing/prune.ts';
import { publish } from '../../src/publishing/publish.ts';
import { batch, createFolder, createPublisher, never, type TestPublisher } from './fixtures.ts';

const USERS = 1_000;
// What Airflow calls a scheduled run.
const runId = 'scheduled__2026-11-21T03:15:00+00:00';
const quiet = () => undefined;

let folder: Awaited<ReturnType<typeof createFolder>>;
let path: string;
beforeAll(async () => {
  folder = await createFolder();
  path = await folder.file(batch(USERS));
});
afterAll(() => folder.remove());

const requestOf = (changes: Partial<LoadRequest> = {}): LoadRequest => ({
  placement: 'home',
  paths: [path],
  runId,
  writing: { concurrency: 2, stallMs: 20_000, checkpointMs: 0 },
  ...changes,
});

const run = (publisher: TestPublisher, changes: Partial<LoadRequest> = {}, events: ProgressEvent[] = []) =>
  load(publisher, requestOf(changes), (event) => events.push(event), never);

/** Lets `writes` batches through and then fails for good, as a process that is killed. */
async function runUntil(publisher: TestPublisher, writes: number): Promise<string> {
  publisher.tables.faults.unprocessed = () => {
    if (publisher.tables.calls.writes > writes) throw new Error('killed');
    return [];
  };
  const error = await run(publisher).catch((caught: unknown) => caught as Error);
  publisher.tables.faults.unprocessed = undefined;
  expect((error as Error).message).toMatch(/^killed\. Table .* the same run id goes on from there\.$/);
  const [table = ''] = await publisher.tables.list('', never);
  expect(await publisher.tables.readSeal(table, never)).toBeNull();
  return table;
}

async function contentOf({ tables }: TestPublisher, table: string) {
  const ids = Array.from({ length: USERS }, (_, at) => `user-${at}`);
  return tables.readBack(table, ids, never);
}

describe('a run with a name', () => {
  it('goes on where it was left and writes little again, into the same table', async () => {
    const publisher = createPublisher();
    const table = await runUntil(publisher, 30);
    const before = publisher.tables.calls.writes;
    const events: ProgressEvent[] = [];
    const loaded = await run(publisher, {}, events);
    expect(loaded.table).toBe(table);
    const resumed = events.find(({ kind }) => kind === 'resumed');
    expect(resumed).toMatchObject({ table });
    const already = (resumed as { users: number }).users;
    expect(already).toBeGreaterThanOrEqual(25 * 25);
    expect(publisher.tables.calls.writes - before).toBe(Math.ceil((USERS - already) / 25));

    const clean = createPublisher();
    const whole = await run(clean);
    expect(loaded.seal.contentHash).toBe(whole.seal.contentHash);
    expect(await contentOf(publisher, table)).toEqual(await contentOf(clean, whole.table));
  });

  it('goes on with a copy of its input elsewhere, whose file times differ', async () => {
    const publisher = createPublisher();
    const table = await runUntil(publisher, 10);
    const copy = await folder.file(batch(USERS), 'copy.csv');
    await utimes(copy, new Date('2020-01-01'), new Date('2020-01-01'));
    const loaded = await run(publisher, { paths: [copy] });
    expect(loaded.table).toBe(table);
    const { generatedAt } = loaded.seal;
    expect(generatedAt).not.toContain('2020-01-01');
    expect(loaded.manifest.generatedAt).toBe(generatedAt);
  });

  it('does nothing the second time, and says which version it is', async () => {
    const publisher = createPublisher();
    const first = await run(publisher);
    const { writes } = publisher.tables.calls;
    const keys = await publisher.archive.list('', never);
    const events: ProgressEvent[] = [];
    const second = await run(publisher, {}, events);
    expect(second).toEqual({ ...first, isResumed: true });
    expect(publisher.tables.calls.writes).toBe(writes);
    expect(await publisher.archive.list('', never)).toEqual(keys);
    expect(await publisher.tables.list('', never)).toEqual([first.table]);
    expect(events.at(-1)).toEqual({ kind: 'loaded-already', version: first.version, table: first.table });
  });

  it('is published a second time without a new epoch, and never touches a table that is live', async () => {
    const publisher = createPublisher();
    const request = { ...requestOf(), reason: 'daily batch' };
    const first = await publish(publisher, request, quiet, never);
    const { writes } = publisher.tables.calls;
    const again = await publish(publisher, request, quiet, never);
    expect(again.activated).toMatchObject({ version: first.activated.version, epoch: 1, changed: false });
    expect(publisher.tables.calls.writes).toBe(writes);
  });

  it('that was loaded but not activated is activated by publishing it', async () => {
    const publisher = createPublisher();
    const { version } = await run(publisher);
    const request = { ...requestOf(), reason: 'daily batch' };
    const { activated } = await publish(publisher, request, quiet, never);
    expect(activated).toMatchObject({ version, epoch: 1, changed: true });
  });

  it.each([
    [
      'other content in a file',
      async () => ({ paths: [await folder.file(batch(USERS, 1))] }),
      /is missing; .* is new/,
    ],
    ['a file more', async () => ({ paths: [path, await folder.file(batch(2, 7))] }), /file .* is new/],
    ['another limit', async () => ({ keep: 3 }), /keep was 20, is 3/],
    [
      'other tags',
      async () => ({ tableOptions: { tags: { team: 'b' } } }),
      /tags was undefined, is {"team":"b"}/,
    ],
  ])('is refused with %s, and says what differs', async (_, changes, message) => {
    const publisher = createPublisher();
    await runUntil(publisher, 10);
    const { writes } = publisher.tables.calls;
    const error = await run(publisher, await changes()).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'bad-input' });
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(runId);
    expect(publisher.tables.calls.writes).toBe(writes);
    expect(await publisher.tables.list('', never)).toHaveLength(1);
  });

  it('is refused where another table prefix is set', async () => {
    const publisher = createPublisher();
    await run(publisher);
    await expect(run({ ...publisher, tablePrefix: 'other' })).rejects.toThrow(
      'tables began with topshelf-home-',
    );
  });

  it('may be the name of another run in another placement', async () => {
    const publisher = createPublisher();
    const home = await run(publisher);
    const cart = await run(publisher, { placement: 'cart', keep: 2 });
    expect(cart.version).not.toBe(home.version);
  });

  it('is not begun anew where its table was deleted after the load', async () => {
    const publisher = createPublisher();
    const { table } = await run(publisher);
    await publisher.tables.delete(table, never);
    const error = await run(publisher).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'usage' });
    expect((error as TopshelfError).message).toContain('was deleted since');
    expect(await publisher.tables.list('', never)).toEqual([]);
  });

  describe('whose version was retired meanwhile', () => {
    const DAY_MS = 86_400_000;
    const pruned = async (publisher: TestPublisher) => {
      for (const seed of [1, 2]) {
        publisher.advance(2 * DAY_MS);
        const paths = [await folder.file(batch(USERS, seed))];
        await publish(publisher, { placement: 'home', paths, reason: `day ${seed}` }, quiet, never);
      }
      const rules = { placement: 'home', keepVersions: 2, minAgeMs: DAY_MS, graceMs: 0, isConfirmed: true };
      return prune(publisher, rules, never);
    };

    it.each([
      ['in the midst of its load', (publisher: TestPublisher) => runUntil(publisher, 10)],
      ['after its load', async (publisher: TestPublisher) => (await run(publisher)).table],
    ])('%s is refused before anything is loaded, and told what to do', async (_, begin) => {
      const publisher = createPublisher();
      const table = await begin(publisher);
      expect((await pruned(publisher)).versions.at(-1)).toMatchObject({ table, outcome: 'deleted' });
      const { writes } = publisher.tables.calls;
      const request = { ...requestOf(), reason: 'the run again' };
      for (const again of [() => run(publisher), () => publish(publisher, request, quiet, never)]) {
        const error = (await again().catch((caught: unknown) => caught)) as TopshelfError;
        expect(error).toMatchObject({ code: 'usage' });
        expect(error.message).toMatch(/retired.* Nothing was loaded\. Give another run id/);
      }
      expect(publisher.tables.calls.writes).toBe(writes);
      expect(await publisher.tables.list('', never)).not.toContain(table);
      const fresh = await publish(publisher, { ...request, runId: 'another' }, quiet, never);
      expect(fresh.activated).toMatchObject({ changed: true });
    });

    it('goes on where it is live all the same', async () => {
      const publisher = createPublisher();
      const request = { ...requestOf(), reason: 'daily batch' };
      const { activated } = await publish(publisher, request, quiet, never);
      const reading = await publisher.pointers.read('home', never);
      if (reading.kind !== 'found') throw new Error('it was published');
      const content = decodePointer(reading.content, 'home');
      if (content.kind !== 'pointer') throw new Error('it was published');
      const byHand = { ...content.pointer, retired: [activated.version], epoch: 2 };
      publisher.pointers.put('home', encodePointer(byHand));
      const again = await publish(publisher, request, quiet, never);
      expect(again.activated).toMatchObject({ version: activated.version, changed: false });
    });
  });

  it('begun twice at once is one version: both write the same bytes, and both succeed', async () => {
    const publisher = createPublisher();
    const runs = await Promise.all([run(publisher), run(publisher), run(publisher)]);
    expect(new Set(runs.map(({ version }) => version)).size).toBe(1);
    expect(await publisher.tables.list('', never)).toHaveLength(1);
    const [{ table, seal }] = runs;
    expect(runs.map((each) => each.seal)).toEqual([seal, seal, seal]);
    expect((await contentOf(publisher, table)).size).toBe(USERS);
  });

  it('writes all again where the note of its progress is about other content', async () => {
    const publisher = createPublisher();
    const table = await runUntil(publisher, 10);
    await publisher.tables.writeProgress(table, { contentHash: 'sha256:other', users: USERS }, never);
    await run(publisher);
    expect((await contentOf(publisher, table)).size).toBe(USERS);
  });

  it('is not sealed where its table lost what the progress says is in it', async () => {
    const publisher = createPublisher();
    const { seal } = await run(createPublisher());
    const table = await runUntil(publisher, 2);
    await publisher.tables.writeProgress(table, { contentHash: seal.contentHash, users: 900 }, never);
    await expect(run(publisher)).rejects.toThrow(/does not hold what was written/);
    expect(await publisher.tables.readSeal(table, never)).toBeNull();
  });

  it.each(['predictions.parquet', 'manifest.json'])(
    'goes on where the archive refused %s in the midst of the load, which sealed nothing',
    async (name) => {
      const publisher = createPublisher();
      const { archive } = publisher;
      const whole = { ...archive };
      const refuse = (key: string) => {
        if (key.endsWith(name)) throw new UnreachableError('the archive is full');
      };
      archive.putOnce = async (key, ...rest) => (refuse(key), whole.putOnce(key, ...rest));
      archive.putFileOnce = async (key, ...rest) => (refuse(key), whole.putFileOnce(key, ...rest));
      await expect(run(publisher)).rejects.toThrow(
        /^the archive is full\. Table \S+ stays without a seal.* the same run id goes on/,
      );
      const [table = ''] = await publisher.tables.list('', never);
      expect(await publisher.tables.readSeal(table, never)).toBeNull();
      Object.assign(archive, whole);
      const { writes } = publisher.tables.calls;
      expect(await run(publisher)).toMatchObject({ table });
      expect(publisher.tables.calls.writes).toBe(writes);
    },
  );

  it('goes on though its progress could not be noted for a while', async () => {
    const publisher = createPublisher();
    const writeProgress = publisher.tables.writeProgress.bind(publisher.tables);
    let failures = 4;
    publisher.tables.writeProgress = async (...note) => {
      if (failures-- > 0) throw new StoreError('away');
      return writeProgress(...note);
    };
    await expect(run(publisher)).resolves.toMatchObject({ manifest: { users: USERS, runId } });
  });

  it.each(['', '  ', 'x'.repeat(251)])('cannot be called %j', async (name) => {
    const publisher = createPublisher();
    await expect(run(publisher, { runId: name })).rejects.toMatchObject({ code: 'usage' });
    expect(await publisher.archive.list('', never)).toEqual([]);
  });
});

describe('a run without a name', () => {
  it('is a new version each time and leaves no record', async () => {
    const publisher = createPublisher();
    const one = await run(publisher, { runId: undefined });
    const other = await run(publisher, { runId: undefined });
    expect(other.version).not.toBe(one.version);
    expect(await publisher.archive.list('home/runs/', never)).toEqual([]);
    await expect(
      activate(publisher, { ...one, placement: 'home', reason: 'x' }, never),
    ).resolves.toMatchObject({
      changed: true,
    });
  });
});
