import { describe, expect, it } from 'vitest';
import { StoreError, StoreThrottledError } from '../../src/domain/errors.ts';
import { ask, openServing, poll, products, told, wishOf, type FixtureOptions } from '../support/serving.ts';
import { list, point, pointerTo, sealedTable, storeVersion } from '../support/versions.ts';

const USERS = { anna: list('a', 'b', 'c', 'd', 'e', 'f', 'g'), bert: list('x', 'y') };
const VERSION_1 = { number: 1, users: USERS };

/** A server with version 1 live and a clock that a test can turn. */
async function serveVersion1(options: FixtureOptions = {}) {
  const clock = { ms: 0 };
  const fixture = openServing({ now: () => clock.ms, ...options });
  const target = await storeVersion(fixture.store, VERSION_1);
  point(fixture.pointers, pointerTo(target, 1));
  await fixture.serving.placements.start();
  return { ...fixture, clock, target };
}

describe('the prediction service', () => {
  it('gives a user the first five of the version that is live, in its order', async () => {
    const fixture = await serveVersion1();
    const answer = await ask(fixture, 'anna');
    expect(answer).toMatchObject({ source: 'personalized', version: sealedTable(VERSION_1).seal.version });
    expect(products(answer)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(answer).not.toHaveProperty('reason');
  });

  it('reads a user once and answers from memory after that', async () => {
    const fixture = await serveVersion1();
    await ask(fixture, 'anna');
    await ask(fixture, 'anna', { limit: 2 });
    await ask(fixture, 'anna', { excluded: new Set(['a']) });
    expect(fixture.store.calls.reads).toBe(1);
  });

  it('reads a user once for a thousand callers at the same time', async () => {
    const fixture = await serveVersion1();
    const answers = await Promise.all(Array.from({ length: 1000 }, () => ask(fixture, 'anna')));
    expect(new Set(answers.map((answer) => products(answer).join())).size).toBe(1);
    expect(fixture.store.calls.reads).toBe(1);
  });

  it('does not keep a failure: the next caller asks the table again', async () => {
    const fixture = await serveVersion1();
    fixture.store.faults.beforeRead = () => {
      throw new StoreError('once');
    };
    expect(await ask(fixture, 'anna')).toMatchObject({ source: 'popular', reason: 'store-error' });
    fixture.store.faults.beforeRead = undefined;
    expect(await ask(fixture, 'anna')).toMatchObject({ source: 'personalized' });
  });

  it('gives a user who is not in the table popular products, and remembers that for 30 seconds', async () => {
    const fixture = await serveVersion1();
    expect(await ask(fixture, 'nobody')).toMatchObject({ source: 'popular', reason: 'unknown-user' });
    fixture.clock.ms = 29_999;
    await ask(fixture, 'nobody');
    expect(fixture.store.calls.reads).toBe(1);
    fixture.clock.ms = 30_000;
    await ask(fixture, 'nobody');
    expect(fixture.store.calls.reads).toBe(2);
  });

  it('reads an answer again after ten minutes, and gives it as stale while the table fails', async () => {
    const fixture = await serveVersion1();
    await ask(fixture, 'anna');
    fixture.clock.ms = 600_000;
    fixture.store.faults.beforeRead = () => {
      throw new StoreThrottledError('slow down');
    };
    const stale = await ask(fixture, 'anna');
    expect(stale).toMatchObject({ source: 'stale', reason: 'store-throttled' });
    expect(products(stale)).toEqual(['a', 'b', 'c', 'd', 'e']);
    fixture.store.faults.beforeRead = undefined;
    expect(await ask(fixture, 'anna')).toMatchObject({ source: 'personalized' });
    expect(fixture.store.calls.reads).toBe(3);
  });

  it('forgets a user who has left the table, and gives no old answer afterwards', async () => {
    const fixture = await serveVersion1();
    await ask(fixture, 'anna');
    fixture.clock.ms = 600_000;
    fixture.store.faults.erased = new Set(['anna']);
    expect(await ask(fixture, 'anna')).toMatchObject({ source: 'popular', reason: 'unknown-user' });
    fixture.store.faults.erased = undefined;
    fixture.store.faults.beforeRead = () => {
      throw new StoreError('down');
    };
    fixture.clock.ms = 700_000;
    expect(await ask(fixture, 'anna')).toMatchObject({ source: 'popular', reason: 'store-error' });
  });

  it('answers inside the deadline while the table hangs', async () => {
    const fixture = await serveVersion1({ config: { readTimeoutMs: 20, requestDeadlineMs: 40 } });
    fixture.store.faults.beforeRead = () => new Promise(() => undefined);
    expect(await ask(fixture, 'anna')).toMatchObject({ source: 'popular', reason: 'store-timeout' });
  });

  it('answers at the request deadline even where a read would be given longer', async () => {
    const fixture = await serveVersion1({ config: { readTimeoutMs: 5_000, requestDeadlineMs: 20 } });
    fixture.store.faults.beforeRead = () => new Promise(() => undefined);
    expect(await ask(fixture, 'anna')).toMatchObject({ source: 'popular', reason: 'store-timeout' });
  });

  it('lets users wait past the limit, reads them together, and serves cached users all the same', async () => {
    const fixture = await serveVersion1({ config: { maxReadsInFlight: 1 } });
    await ask(fixture, 'anna');
    const gate = Promise.withResolvers<undefined>();
    fixture.store.faults.beforeRead = () => gate.promise;
    const bert = ask(fixture, 'bert');
    await expect.poll(() => fixture.store.calls.reads).toBe(2);
    const waiting = Array.from({ length: 256 }, (_, index) => ask(fixture, `user-${index}`));
    expect(await ask(fixture, 'carl')).toMatchObject({ source: 'popular', reason: 'overloaded' });
    expect(await ask(fixture, 'anna')).toMatchObject({ source: 'personalized' });
    gate.resolve(undefined);
    expect(await bert).toMatchObject({ source: 'personalized' });
    for (const each of await Promise.all(waiting)) expect(each.reason).toBe('unknown-user');
    expect(fixture.store.calls).toMatchObject({ reads: 2 + 3, usersRead: 2 + 256 });
  });

  it('sheds reads while the event loop runs late, and serves cached users all the same', async () => {
    let isLate = false;
    const shedder = { admit: () => !isLate, shedShare: () => 0, close: () => undefined };
    const fixture = await serveVersion1({ shedder });
    await ask(fixture, 'anna');
    isLate = true;
    expect(await ask(fixture, 'bert')).toMatchObject({ source: 'popular', reason: 'overloaded' });
    expect(await ask(fixture, 'anna')).toMatchObject({ source: 'personalized' });
    expect(fixture.store.calls.reads).toBe(1);
  });

  it('opens the breaker when the table keeps failing, asks nothing then, and recovers by itself', async () => {
    const fixture = await serveVersion1();
    fixture.store.faults.beforeRead = () => {
      throw new StoreError('down');
    };
    for (let index = 0; index < 25; index += 1) await ask(fixture, `user-${index}`);
    expect(fixture.seen.breaker).toEqual(['open']);
    const reads = fixture.store.calls.reads;
    expect(await ask(fixture, 'anna')).toMatchObject({ source: 'popular', reason: 'breaker-open' });
    expect(fixture.store.calls.reads).toBe(reads);
    fixture.store.faults.beforeRead = undefined;
    await expect.poll(() => fixture.seen.breaker.at(-1), { timeout: 3000 }).toBe('half-open');
    expect(await ask(fixture, 'anna')).toMatchObject({ source: 'personalized' });
    expect(fixture.seen.breaker).toEqual(['open', 'half-open', 'closed']);
  });

  it('counts throttled keys against the breaker', async () => {
    const fixture = await serveVersion1();
    fixture.store.faults.throttled = () => true;
    for (let index = 0; index < 25; index += 1) await ask(fixture, `user-${index}`);
    expect(fixture.seen.breaker).toEqual(['open']);
  });

  it('answers many users from one version and one read, each with its own source', async () => {
    const fixture = await serveVersion1();
    await ask(fixture, 'anna');
    fixture.store.faults.throttled = (userId) => userId === 'throttled';
    const found = fixture.serving.placements.lookUp('home');
    if (found.kind !== 'live') throw new Error('not live');
    const users = ['bert', 'nobody', 'anna', 'throttled', 'bert'];
    const answers = (await fixture.serving.service.answerMany(found.live, users, wishOf({}))).map(told);
    expect(answers.map(({ userId }) => userId)).toEqual(users);
    expect(answers.map(({ source, reason }) => reason ?? source)).toEqual([
      'personalized',
      'unknown-user',
      'personalized',
      'store-throttled',
      'personalized',
    ]);
    // Four users pay for no retry of the one who was throttled.
    expect(fixture.store.calls).toMatchObject({ reads: 2, usersRead: 4 });
  });

  it('takes an item that is no prediction for a failure of the store, not for an unknown user', async () => {
    const fixture = await serveVersion1();
    const signal = AbortSignal.timeout(1000);
    await fixture.store.write(fixture.target.table, [{ userId: 'odd', items: '[["a","high"]]' }], signal);
    expect(await ask(fixture, 'odd')).toMatchObject({ source: 'popular', reason: 'store-error' });
    expect(await ask(fixture, 'odd', { fallback: 'none' })).toMatchObject({
      source: 'none',
      reason: 'store-error',
    });
  });

  it('gives the first five also where what comes after them cannot be read, and no more than them', async () => {
    const fixture = await serveVersion1();
    const items = `${JSON.stringify(list('a', 'b', 'c', 'd', 'e', 'f')).slice(0, -1)},["g","high"]]`;
    await fixture.store.write(fixture.target.table, [{ userId: 'odd', items }], AbortSignal.timeout(1000));
    expect(products(await ask(fixture, 'odd'))).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(await ask(fixture, 'odd', { limit: 10 })).toMatchObject({
      source: 'popular',
      reason: 'store-error',
    });
    expect(products(await ask(fixture, 'odd'))).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('takes blocked products out of every answer without reading again, and fills up to five', async () => {
    const fixture = await serveVersion1();
    await ask(fixture, 'anna');
    point(fixture.pointers, pointerTo(fixture.target, 2, { blocked: ['b', 'p1'] }));
    await poll(fixture);
    expect(products(await ask(fixture, 'anna'))).toEqual(['a', 'c', 'd', 'e', 'f']);
    expect(products(await ask(fixture, 'anna', { limit: 2 }))).toEqual(['a', 'c']);
    expect(products(await ask(fixture, 'nobody'))).toEqual(['p2', 'p3', 'p4', 'p5', 'p6']);
    expect(fixture.store.calls.reads).toBe(2);
    fixture.clock.ms = 600_000;
    fixture.store.faults.beforeRead = () => {
      throw new StoreError('down');
    };
    expect(products(await ask(fixture, 'anna'))).toEqual(['a', 'c', 'd', 'e', 'f']);
    point(fixture.pointers, pointerTo(fixture.target, 3));
    await poll(fixture);
    expect(products(await ask(fixture, 'nobody'))).toEqual(['p1', 'p2', 'p3', 'p4', 'p5']);
  });
});
