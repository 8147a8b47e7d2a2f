import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/domain/errors.ts';
import type { ServingOptions } from '../../src/serving/serving.ts';
import { ask, openServing, poll } from '../support/serving.ts';
import { list, point, pointerTo, sealedTable, storeVersion } from '../support/versions.ts';

const USERS = 200;
const HOLD = { since: '2026-11-21T03:00:00.000Z', by: 'test', reason: 'rolled back' };
const userIds = Array.from({ length: USERS }, (_, index) => `u${index}`);
const contentOf = (number: number) => ({
  number,
  users: Object.fromEntries(userIds.map((userId) => [userId, list(`${userId}-v${number}`)])),
});
const versionOf = (number: number) => sealedTable(contentOf(number)).seal.version;

/** A server with version 1 live and all of its users cached, the last ones hottest. */
async function serveWarm(config: Partial<ServingOptions['config']> = {}) {
  const warmUps: { outcome: string; users: number }[] = [];
  const fixture = openServing({
    config,
    observer: { warmedUp: (_, outcome, users) => warmUps.push({ outcome, users }) },
  });
  point(fixture.pointers, pointerTo(await storeVersion(fixture.store, contentOf(1)), 1));
  await fixture.serving.placements.start();
  for (const userId of userIds) await ask(fixture, userId);
  const two = await storeVersion(fixture.store, contentOf(2));
  const asked: (readonly string[])[] = [];
  /** What reads of version 2 do from now on, besides being recorded. */
  const onRead = (work: () => Promise<void> | void) => {
    fixture.store.faults.beforeRead = (table, users) => {
      if (table !== two.table || users.length === 0) return undefined;
      asked.push(users);
      return work();
    };
  };
  onRead(() => undefined);
  return { ...fixture, warmUps, two, asked, onRead };
}

const live = (fixture: Awaited<ReturnType<typeof serveWarm>>) =>
  ask(fixture, 'u0').then(({ version }) => version);

describe('a warm-up', () => {
  it('reads the users asked for last from the new version before it is served', async () => {
    const fixture = await serveWarm({ warmUpUsers: 120 });
    const during: string[] = [];
    fixture.onRead(async () => void during.push(await live(fixture)));
    point(fixture.pointers, pointerTo(fixture.two, 2));
    await poll(fixture);
    expect(new Set(during)).toEqual(new Set([versionOf(1)]));
    expect(fixture.warmUps).toEqual([{ outcome: 'complete', users: 120 }]);
    expect(fixture.asked.map(({ length }) => length)).toEqual([50, 50, 20]);
    expect(new Set(fixture.asked.flat())).toContain('u199');
    const reads = fixture.store.calls.reads;
    expect(await ask(fixture, 'u199')).toMatchObject({
      version: versionOf(2),
      recommendations: [{ productId: 'u199-v2' }],
    });
    expect(fixture.store.calls.reads).toBe(reads);
  });

  it('reads no more than 5,000 users a second', async () => {
    const fixture = await serveWarm();
    const started = performance.now();
    point(fixture.pointers, pointerTo(fixture.two, 2));
    await poll(fixture);
    // Nothing waits behind the last read, of fifty users.
    expect(performance.now() - started).toBeGreaterThanOrEqual(((USERS - 50) / 5000) * 1000 - 5);
  });

  it.each([
    ['fails', 'failed', () => Promise.reject(new StoreError('down'))],
    ['hangs', 'out-of-time', () => new Promise<void>(() => undefined)],
  ] as const)('that %s delays the swap for no longer than it may take', async (_, outcome, read) => {
    const fixture = await serveWarm({ warmUpMs: 50 });
    fixture.onRead(read);
    point(fixture.pointers, pointerTo(fixture.two, 2));
    await poll(fixture);
    expect(fixture.warmUps).toEqual([{ outcome, users: 0 }]);
    fixture.onRead(() => undefined);
    expect(await live(fixture)).toBe(versionOf(2));
  });

  it('ends where the new table throttles', async () => {
    const fixture = await serveWarm();
    fixture.store.faults.throttled = (userId) => userId === 'u100';
    point(fixture.pointers, pointerTo(fixture.two, 2));
    await poll(fixture);
    expect(fixture.warmUps).toMatchObject([{ outcome: 'failed' }]);
    expect(await live(fixture)).toBe(versionOf(2));
  });

  it('makes no rollback wait: none is made for it, and one under way ends for it', async () => {
    const fixture = await serveWarm({ warmUpMs: 20_000 });
    const three = await storeVersion(fixture.store, contentOf(3));
    fixture.onRead(() => new Promise(() => undefined));
    point(fixture.pointers, pointerTo(fixture.two, 2));
    const polling = poll(fixture);
    await expect.poll(() => fixture.asked.length).toBe(1);
    const started = performance.now();
    point(fixture.pointers, pointerTo(three, 3, { hold: HOLD }));
    await polling;
    expect(performance.now() - started).toBeLessThan(3000);
    expect(await live(fixture)).toBe(versionOf(3));
    await expect.poll(() => fixture.warmUps).toEqual([{ outcome: 'superseded', users: 0 }]);
    expect(fixture.seen.adoptions.map(({ epoch }) => epoch)).toEqual([1, 3]);
  });

  it('is not made where the version stays, or where none is wanted', async () => {
    const fixture = await serveWarm({ warmUpUsers: 0 });
    const [one] = [sealedTable(contentOf(1))];
    point(fixture.pointers, pointerTo(one, 2));
    await poll(fixture);
    expect(fixture.warmUps).toEqual([]);
    point(fixture.pointers, pointerTo(fixture.two, 3));
    await poll(fixture);
    expect(fixture.warmUps).toEqual([]);
    expect(await live(fixture)).toBe(versionOf(2));
  });

  it('under way does not hold up the end of the server', async () => {
    const fixture = await serveWarm({ warmUpMs: 20_000 });
    fixture.onRead(() => new Promise(() => undefined));
    point(fixture.pointers, pointerTo(fixture.two, 2));
    const polling = poll(fixture);
    await expect.poll(() => fixture.asked.length).toBe(1);
    await fixture.serving.close();
    await polling;
    expect(fixture.seen.adoptions.map(({ epoch }) => epoch)).toEqual([1]);
  });
});
