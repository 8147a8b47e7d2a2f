import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NotFoundError, UnreachableError } from '../../src/domain/errors.ts';
import { block } from '../../src/publishing/block.ts';
import { publish } from '../../src/publishing/publish.ts';
import { rollback } from '../../src/publishing/rollback.ts';
import { status } from '../../src/publishing/status.ts';
import { versions } from '../../src/publishing/versions.ts';
import { batch, createFolder, createPublisher, csv, never, type TestPublisher } from './fixtures.ts';

let folder: Awaited<ReturnType<typeof createFolder>>;
let publisher: TestPublisher;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(() => folder.remove());
beforeEach(() => {
  publisher = createPublisher();
});

const publishText = async (placement: string, text: string) =>
  (
    await publish(
      publisher,
      { placement, paths: [await folder.file(text)], reason: 'daily' },
      () => undefined,
      never,
    )
  ).activated;
const timed = (seed: number) =>
  csv(
    [0, 1, 2, 3, 4, 5].map((at) => ['u', `p${at}`, at + seed, '2026-11-20T03:15:00Z']),
    'ENTITY,CLASS,SCORE,TIMESTAMP',
  );

describe('status', () => {
  it('says what is live since when, by whom and why, and how old its predictions are', async () => {
    const { version, table } = await publishText('home', timed(0));
    await block(publisher, { placement: 'home', productIds: ['p1'], reason: 'recall' }, never);
    publisher.advance(3_600_000);
    const [home] = await status(publisher, { placement: 'home' }, never);
    expect(home).toMatchObject({
      placement: 'home',
      pointer: 'pointer',
      version,
      table,
      epoch: 2,
      by: 'ada@shop',
    });
    expect(home).toMatchObject({
      reason: 'recall',
      blocked: ['p1'],
      hold: null,
      quarantined: [],
      problem: null,
    });
    expect(home?.ageSeconds).toBeGreaterThan(25 * 3600);
    expect(home?.ageSeconds).toBeLessThan(25 * 3600 + 60);
  });

  it('covers every placement that has a pointer, whatever is in it', async () => {
    await publishText('home', timed(0));
    publisher.pointers.put('cart', '{');
    publisher.pointers.put('bare', 'some-table');
    const all = await status(publisher, {}, never);
    expect(all.map(({ placement, pointer }) => `${placement} ${pointer}`)).toEqual([
      'bare bare',
      'cart malformed',
      'home pointer',
    ]);
    expect(all[0]).toMatchObject({ table: 'some-table', version: null });
    expect(all[1]?.problem).toContain('not valid JSON');
  });

  it('rejects for a placement that there is no trace of', async () => {
    await publishText('home', timed(0));
    await expect(status(publisher, { placement: 'hoem' }, never)).rejects.toThrow(
      new NotFoundError('placement hoem has no pointer and nothing in the archive'),
    );
  });
});

describe('when predictions were made', () => {
  it('is told with whether the rows say so, or only the time of a file does', async () => {
    await publishText('home', timed(0));
    await publishText('cart', batch(3));
    const all = await status(publisher, {}, never);
    expect(all.map(({ placement, generatedAtFrom }) => [placement, generatedAtFrom])).toEqual([
      ['cart', 'file'],
      ['home', 'rows'],
    ]);
    const [cart] = await versions(publisher, 'cart', never);
    expect(cart).toMatchObject({ generatedAtFrom: 'file' });
  });

  it('is told without that where the archive is away', async () => {
    const { version } = await publishText('home', timed(0));
    publisher.archive.get = () => Promise.reject(new UnreachableError('the archive is away'));
    const [home] = await status(publisher, { placement: 'home' }, never);
    expect(home).toMatchObject({ version, generatedAt: '2026-11-20T03:15:00.000Z', generatedAtFrom: null });
  });
});

describe('versions', () => {
  it('lists the tables of the placement with what each may be used for, newest first', async () => {
    const first = await publishText('home', batch(3, 1));
    publisher.advance(60_000);
    const second = await publishText('home', batch(3, 2));
    await publishText('home_2', batch(3));
    publisher.advance(60_000);
    await publisher.tables.create('topshelf-home-20261122T000000Z-00000a', never);
    await publisher.tables.create('topshelf-home-something', never);
    await rollback(publisher, { placement: 'home', reason: 'bad' }, never);
    const found = await versions(publisher, 'home', never);
    expect(found.map(({ version, state, users, loadedBy }) => [version, state, users, loadedBy])).toEqual([
      ['20261122T000000Z-00000a', 'unsealed', null, null],
      [second.version, 'quarantined', 3, 'ada@shop'],
      [first.version, 'live', 3, 'ada@shop'],
    ]);
  });

  it('lists nothing for a placement without tables, and rejects for one without any trace', async () => {
    publisher.pointers.put('bare', 'some-table');
    expect(await versions(publisher, 'bare', never)).toEqual([]);
    await expect(versions(publisher, 'home', never)).rejects.toBeInstanceOf(NotFoundError);
  });
});
