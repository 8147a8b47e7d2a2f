import { describe, expect, it } from 'vitest';
import { erase } from '../../src/publishing/erase.ts';
import { load } from '../../src/publishing/load.ts';
import { prune } from '../../src/publishing/prune.ts';
import { createHttpReplicas } from '../../src/publishing/replicas-http.ts';
import { rollback } from '../../src/publishing/rollback.ts';
import { waitForReplicas } from '../../src/publishing/wait.ts';
import { putLive } from '../support/contender.ts';
import { bundledFile, type BundledDay } from '../support/real-data.ts';
import { openShop, recommend, type Shop } from '../support/shop.ts';

const placement = 'home';
const USER = '12347';
const never = new AbortController().signal;

/** Loads a real day and makes it live; resolves with its epoch. */
async function goLive({ context }: Shop, day: BundledDay) {
  // Versions are dated to the second: two of the same one are in no order that a test could expect.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const loaded = await load(context, { placement, paths: [bundledFile(day)] }, () => undefined, never);
  return putLive(context, loaded, never);
}

describe('upkeep beside servers that serve', () => {
  it('waits for both, and prunes what neither of them serves', async () => {
    const shop = await openShop();
    const first = await goLive(shop, '2011-11-25');
    const [one, other] = [await shop.serve(), await shop.serve()];
    await Promise.all([one.ready, other.ready]);
    const replicas = createHttpReplicas({ replicas: `${one.ops},${other.ops}` });
    const wait = (epoch: number, timeoutMs: number) =>
      waitForReplicas(replicas, { placement, epoch, timeoutMs }, never);

    const second = await goLive(shop, '2011-12-07');
    const third = await goLive(shop, '2011-11-25');
    expect(await wait(third.epoch, 20_000)).toMatchObject({ isEverywhere: true });
    for (const server of [one, other]) expect((await recommend(server, USER)).version).toBe(third.version);
    const early = await wait(third.epoch + 1, 0);
    expect(early.laggards).toEqual(
      [one, other].map(({ ops }) => `${ops} serves version ${third.version} at epoch ${third.epoch}`),
    );

    const rules = { placement, keepVersions: 2, minAgeMs: 0, graceMs: 100, isConfirmed: true };
    const fourth = await goLive(shop, '2011-12-07');
    await wait(fourth.epoch, 20_000);
    const pruned = await prune(shop.context, { ...rules, replicas }, never);
    const outcome = Object.fromEntries(pruned.versions.map((each) => [each.version, each.outcome]));
    expect(outcome).toEqual({
      [first.version]: 'deleted',
      [second.version]: 'deleted',
      [third.version]: 'kept',
      [fourth.version]: 'kept',
    });
    await rollback(shop.context, { placement, reason: 'bad answers' }, never);
    await expect
      .poll(async () => (await recommend(one, USER)).version, { timeout: 8_000 })
      .toBe(third.version);
    expect((await recommend(one, USER)).source).toBe('personalized');
  }, 120_000);

  it('erases a user whom servers then do not know, once their caches have aged', async () => {
    const shop = await openShop();
    await goLive(shop, '2011-11-25');
    const server = await shop.serve({ TOPSHELF_CACHE_MAX_AGE_SECONDS: '1' });
    await server.ready;
    expect((await recommend(server, USER)).source).toBe('personalized');
    const [erased] = await erase(shop.context, { userId: USER, reason: 'asked to be forgotten' }, never);
    expect(erased?.foundIn).toMatchObject([{ archive: true }]);
    await expect
      .poll(() => recommend(server, USER), { timeout: 8_000 })
      .toMatchObject({ source: 'popular', reason: 'unknown-user' });
    expect((await recommend(server, '12348')).source).toBe('personalized');
  }, 120_000);
});
