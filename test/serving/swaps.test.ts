import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/domain/errors.ts';
import {
  adoptedOf,
  ask,
  createMemorySavedPointers,
  openServing,
  poll,
  products,
  type FixtureOptions,
} from '../support/serving.ts';
import { list, point, pointerTo, sealedTable, storeVersion } from '../support/versions.ts';

const ONE = { number: 1, users: { anna: list('a1', 'b1') } };
const TWO = { number: 2, users: { anna: list('a2', 'b2') } };
const versionOf = (content: typeof ONE) => sealedTable(content).seal.version;

async function serveOne(options: FixtureOptions = {}) {
  const fixture = openServing(options);
  const one = await storeVersion(fixture.store, ONE);
  point(fixture.pointers, pointerTo(one, 1));
  await fixture.serving.placements.start();
  return { ...fixture, one };
}

describe('a server that sees a new pointer', () => {
  it('swaps to the version it names', async () => {
    const fixture = await serveOne();
    point(fixture.pointers, pointerTo(await storeVersion(fixture.store, TWO), 2));
    await poll(fixture);
    expect(await ask(fixture, 'anna')).toMatchObject({ version: versionOf(TWO), source: 'personalized' });
  });

  it('swaps back to an older version at a higher epoch', async () => {
    const fixture = await serveOne();
    point(fixture.pointers, pointerTo(await storeVersion(fixture.store, TWO), 2));
    await poll(fixture);
    point(fixture.pointers, pointerTo(fixture.one, 3));
    await poll(fixture);
    expect(await ask(fixture, 'anna')).toMatchObject({ version: versionOf(ONE) });
  });

  it('refuses a lower epoch, and the same epoch with other content', async () => {
    const fixture = await serveOne();
    const two = await storeVersion(fixture.store, TWO);
    point(fixture.pointers, pointerTo(two, 0));
    await poll(fixture);
    point(fixture.pointers, pointerTo(two, 1));
    await poll(fixture);
    expect(fixture.seen.rejections.map(({ reason }) => reason)).toEqual([
      'epoch-not-higher',
      'epoch-not-higher',
    ]);
    expect(await ask(fixture, 'anna')).toMatchObject({ version: versionOf(ONE) });
  });

  it('takes the same pointer read again, in a new object, for no change', async () => {
    const fixture = await serveOne();
    point(fixture.pointers, pointerTo(fixture.one, 1));
    await poll(fixture);
    expect(fixture.seen.adoptions).toHaveLength(1);
    expect(fixture.seen.rejections).toEqual([]);
  });

  it('refuses malformed content once, and goes on with what it serves', async () => {
    const fixture = await serveOne();
    fixture.pointers.put('home', '{"schemaVersion":1,');
    await poll(fixture);
    await poll(fixture);
    expect(fixture.seen.rejections).toMatchObject([{ reason: 'malformed', willRetry: false }]);
    expect(await ask(fixture, 'anna')).toMatchObject({ version: versionOf(ONE) });
  });

  it('does not adopt a table without its seal, and does once it is sealed', async () => {
    const fixture = await serveOne();
    const two = await storeVersion(fixture.store, TWO, { sealed: false });
    point(fixture.pointers, pointerTo(two, 2));
    await poll(fixture);
    expect(fixture.seen.rejections).toMatchObject([{ reason: 'unsealed', willRetry: true }]);
    expect(await ask(fixture, 'anna')).toMatchObject({ version: versionOf(ONE) });
    await fixture.store.seal(two.table, two.seal, AbortSignal.timeout(1000));
    await expect
      .poll(async () => (await poll(fixture), (await ask(fixture, 'anna')).version), { timeout: 3000 })
      .toBe(versionOf(TWO));
  });

  it.each([
    ['placement', { placement: 'cart' }],
    ['version', { version: '20200101T000000Z-aaaaaa' }],
    ['content hash', { contentHash: `sha256:${'f'.repeat(64)}` }],
  ])('does not adopt a table whose seal has another %s', async (_, change) => {
    const fixture = await serveOne();
    const two = await storeVersion(fixture.store, TWO);
    point(fixture.pointers, pointerTo(two, 2));
    await fixture.store.seal(two.table, { ...two.seal, ...change }, AbortSignal.timeout(1000));
    await poll(fixture);
    expect(fixture.seen.rejections).toMatchObject([{ reason: 'seal-mismatch' }]);
    expect(await ask(fixture, 'anna')).toMatchObject({ version: versionOf(ONE) });
  });

  it('does not adopt a table that is not there', async () => {
    const fixture = await serveOne();
    point(fixture.pointers, pointerTo(sealedTable(TWO), 2));
    await poll(fixture);
    expect(fixture.seen.rejections).toMatchObject([{ reason: 'table-missing', willRetry: true }]);
  });

  it('turns to a newer pointer while an older one still cannot be verified', async () => {
    const fixture = await serveOne();
    point(fixture.pointers, pointerTo(sealedTable({ number: 9, users: {} }), 2));
    await poll(fixture);
    point(fixture.pointers, pointerTo(await storeVersion(fixture.store, TWO), 3));
    await poll(fixture);
    expect(await ask(fixture, 'anna')).toMatchObject({ version: versionOf(TWO) });
  });

  it('answers a request from the version it started with, also when a swap comes between', async () => {
    const fixture = await serveOne();
    const gate = Promise.withResolvers<undefined>();
    fixture.store.faults.beforeRead = (table) => (table === fixture.one.table ? gate.promise : undefined);
    const early = ask(fixture, 'anna');
    point(fixture.pointers, pointerTo(await storeVersion(fixture.store, TWO), 2));
    await poll(fixture);
    const late = await ask(fixture, 'anna');
    gate.resolve(undefined);
    expect(products(await early)).toEqual(['a1', 'b1']);
    expect(await early).toMatchObject({ version: versionOf(ONE) });
    expect(products(late)).toEqual(['a2', 'b2']);
  });

  it('keeps what is cached when a higher epoch names the same version, and drops it with the version', async () => {
    const fixture = await serveOne({ config: { warmUpUsers: 0 } });
    await ask(fixture, 'anna');
    point(fixture.pointers, pointerTo(fixture.one, 2, { reason: 'released' }));
    await poll(fixture);
    await ask(fixture, 'anna');
    expect(fixture.store.calls.reads).toBe(1);
    expect(fixture.serving.budget.entries()).toBe(1);
    point(fixture.pointers, pointerTo(await storeVersion(fixture.store, TWO), 3));
    await poll(fixture);
    expect(fixture.serving.budget.entries()).toBe(0);
    expect(fixture.serving.budget.bytes()).toBe(0);
  });

  it('blocks a product also while the table cannot be read', async () => {
    const fixture = await serveOne();
    await ask(fixture, 'anna');
    fixture.store.faults.beforeRead = () => {
      throw new StoreError('down');
    };
    point(fixture.pointers, pointerTo(fixture.one, 2, { blocked: ['a1'] }));
    await poll(fixture);
    expect(products(await ask(fixture, 'anna'))).toEqual(['b1']);
  });
});

describe('a bare table name in the pointer', () => {
  it('is adopted with version, popular products and age from the seal, at the epoch that is served', async () => {
    const fixture = await serveOne();
    const two = await storeVersion(fixture.store, TWO);
    fixture.pointers.put('home', `${two.table}\n`);
    await poll(fixture);
    expect(fixture.seen.adoptions.at(-1)).toMatchObject({ version: versionOf(TWO), epoch: 1 });
    expect(products(await ask(fixture, 'nobody'))).toEqual(['p1', 'p2', 'p3', 'p4', 'p5']);
  });

  it('lets no blocked product back in', async () => {
    const fixture = await serveOne();
    point(fixture.pointers, pointerTo(fixture.one, 2, { blocked: ['a2', 'p1'] }));
    await poll(fixture);
    const two = await storeVersion(fixture.store, TWO);
    fixture.pointers.put('home', two.table);
    await poll(fixture);
    expect(products(await ask(fixture, 'anna'))).toEqual(['b2']);
    expect(products(await ask(fixture, 'nobody'))).not.toContain('p1');
  });

  it('found at a start stands at the epoch that was saved, with what was blocked then', async () => {
    const saved = createMemorySavedPointers();
    const fixture = openServing({ saved });
    const one = await storeVersion(fixture.store, ONE);
    await saved.save(pointerTo(one, 7, { blocked: ['a2'] }));
    const two = await storeVersion(fixture.store, TWO);
    fixture.pointers.put('home', two.table);
    await fixture.serving.placements.start();
    expect(fixture.seen.adoptions).toMatchObject([{ version: versionOf(TWO), epoch: 7, blocked: 1 }]);
    point(fixture.pointers, pointerTo(one, 6));
    await poll(fixture);
    expect(fixture.seen.rejections).toMatchObject([{ reason: 'epoch-not-higher' }]);
  });

  it('is adopted again whenever the object changes', async () => {
    const fixture = await serveOne();
    const two = await storeVersion(fixture.store, TWO);
    for (const { table } of [two, fixture.one, two]) {
      fixture.pointers.put('home', table);
      await poll(fixture);
    }
    expect(fixture.seen.adoptions.map(({ version }) => version)).toEqual(
      [ONE, TWO, ONE, TWO].map((content) => versionOf(content)),
    );
  });

  it('gives way to a pointer at a higher epoch', async () => {
    const fixture = await serveOne();
    const two = await storeVersion(fixture.store, TWO);
    fixture.pointers.put('home', two.table);
    await poll(fixture);
    point(fixture.pointers, pointerTo(fixture.one, 2));
    await poll(fixture);
    expect(await ask(fixture, 'anna')).toMatchObject({ version: versionOf(ONE) });
  });

  it('of a table that another tool made is adopted only where that is allowed', async () => {
    const store = openServing().store;
    await store.create('other_table', AbortSignal.timeout(1000));
    await store.write('other_table', [{ userId: 'anna', items: '[["z",1]]' }], AbortSignal.timeout(1000));
    for (const allowUnsealed of [false, true]) {
      const fixture = openServing({ store, config: { allowUnsealed } });
      fixture.pointers.put('home', 'other_table');
      await fixture.serving.placements.start();
      expect(fixture.seen.adoptions.map(({ version }) => version)).toEqual(
        allowUnsealed ? ['other_table'] : [],
      );
      if (allowUnsealed) expect(products(await ask(fixture, 'anna'))).toEqual(['z']);
    }
  });
});

describe('a server whose pointer store is away', () => {
  it('goes on with what it serves, and follows again when the store is back', async () => {
    const fixture = await serveOne();
    fixture.pointers.setFailing(true);
    await poll(fixture);
    expect(await ask(fixture, 'anna')).toMatchObject({ version: versionOf(ONE), source: 'personalized' });
    fixture.pointers.setFailing(false);
    point(fixture.pointers, pointerTo(await storeVersion(fixture.store, TWO), 2));
    await poll(fixture);
    expect(await ask(fixture, 'anna')).toMatchObject({ version: versionOf(TWO) });
  });

  it('goes on when the pointer is deleted', async () => {
    const fixture = await serveOne();
    fixture.pointers.remove('home');
    await poll(fixture);
    expect(await ask(fixture, 'anna')).toMatchObject({ version: versionOf(ONE) });
  });

  it('starts from the pointer it saved, and does not go back to an older one afterwards', async () => {
    const saved = createMemorySavedPointers();
    const before = openServing({ saved });
    const one = await storeVersion(before.store, ONE);
    point(before.pointers, pointerTo(await storeVersion(before.store, TWO), 2, { blocked: ['a2'] }));
    await before.serving.placements.start();
    await before.serving.close();

    const { pointers, store } = before;
    pointers.setFailing(true);
    const after = openServing({ saved, pointers, store, config: { placements: '*' } });
    await after.serving.placements.start();
    expect(after.seen.adoptions).toMatchObject([{ from: 'saved', version: versionOf(TWO), epoch: 2 }]);
    expect(products(await ask(after, 'anna'))).toEqual(['b2']);
    pointers.setFailing(false);
    await poll(after);
    expect(after.seen.rejections).toEqual([]);
    point(pointers, pointerTo(one, 1));
    await poll(after);
    expect(await ask(after, 'anna')).toMatchObject({ version: versionOf(TWO) });
  });

  it('does not fall behind the pointer it saved, even where the pointer store offers an older one', async () => {
    const saved = createMemorySavedPointers();
    const fixture = openServing({ saved });
    await saved.save(pointerTo(await storeVersion(fixture.store, TWO), 5));
    point(fixture.pointers, pointerTo(await storeVersion(fixture.store, ONE), 4));
    await fixture.serving.placements.start();
    expect(await ask(fixture, 'anna')).toMatchObject({ version: versionOf(TWO) });
    expect(fixture.seen.rejections).toMatchObject([{ reason: 'epoch-not-higher' }]);
  });

  it('starts from the saved pointer also when the table store is away, with popular products', async () => {
    const saved = createMemorySavedPointers();
    await saved.save(pointerTo(sealedTable(ONE), 1));
    const fixture = openServing({ saved });
    fixture.pointers.setFailing(true);
    fixture.store.faults.beforeRead = () => {
      throw new StoreError('down');
    };
    await fixture.serving.placements.start();
    expect(await ask(fixture, 'anna')).toMatchObject({ source: 'popular', reason: 'store-error' });
  });

  it('takes up nothing that was saved once it is closed, though it was still starting', async () => {
    const saved = createMemorySavedPointers();
    await saved.save(pointerTo(sealedTable(ONE), 1));
    const fixture = openServing({ saved });
    const reading = Promise.withResolvers<never>();
    fixture.pointers.read = () => reading.promise;
    const started = fixture.serving.placements.start();
    const closed = fixture.serving.close();
    reading.reject(new StoreError('away'));
    await Promise.all([started, closed]);
    expect(fixture.seen.adoptions).toEqual([]);
  });

  it('starts from a bootstrap pointer where nothing was saved', async () => {
    const fixture = openServing({
      bootstrap: new Map([['home', adoptedOf(pointerTo(sealedTable(ONE), 1))]]),
    });
    await storeVersion(fixture.store, ONE);
    fixture.pointers.setFailing(true);
    await fixture.serving.placements.start();
    expect(fixture.seen.adoptions).toMatchObject([{ from: 'bootstrap', version: versionOf(ONE) }]);
    expect(await ask(fixture, 'anna')).toMatchObject({ source: 'personalized' });
  });

  it('serves on when the pointer cannot be saved', async () => {
    const saved = {
      ...createMemorySavedPointers(),
      save: () => Promise.reject(new Error('no space left on device')),
    };
    const fixture = openServing({ saved });
    point(fixture.pointers, pointerTo(await storeVersion(fixture.store, ONE), 1));
    await fixture.serving.placements.start();
    expect(await ask(fixture, 'anna')).toMatchObject({ source: 'personalized' });
    await expect.poll(() => fixture.seen.savedPointerErrors).toHaveLength(1);
  });
});
