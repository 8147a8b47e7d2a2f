import { expect, it } from 'vitest';
import { createRandom, createZipf, userIdOf } from '../../load-tests/draw.ts';
import { pause } from '../../src/resilience/deadline.ts';
import { recordFigure } from '../support/figures.ts';
import { ask } from '../support/serving.ts';
import { openStubServing, type StubServing } from '../support/stub-serving.ts';

/** For the record, tests run so much longer than among all others. */
/** The real users, and little else. */
const CACHE_BYTES = 1024 * 1024;
const SCALE = Number(process.env.TOPSHELF_OVERLOAD_SCALE ?? 1);
const REAL_USERS = 1300;
const MAX_READS = 2;
const MOST_REMEMBERED = 10_000;
const TOGETHER = 100;

function liveState({ serving }: StubServing) {
  const found = serving.placements.lookUp('home');
  if (found.kind !== 'live') throw new Error(`placement home is ${found.kind}`);
  return found.live.state;
}

it(
  'a flood of made-up ids evicts no real user, and takes no more reads at a time than are configured',
  { timeout: 120_000 },
  async () => {
    const shop = await openStubServing(REAL_USERS, {
      config: {
        maxReadsInFlight: MAX_READS,
        cacheBytes: CACHE_BYTES,
        readTimeoutMs: 5000,
        requestDeadlineMs: 10_000,
        warmUpUsers: 0,
      },
    });
    for (let user = 0; user < REAL_USERS; user += 1) await ask(shop, userIdOf(user));
    const timesReal = () =>
      shop.stub.requests.flatMap(({ userIds }) => userIds).filter((userId) => userId.startsWith('u')).length;
    const before = { keys: shop.keysAsked(), real: timesReal(), bytes: shop.serving.budget.bytes() };
    expect(before.bytes).toBeGreaterThan(0.8 * CACHE_BYTES);

    const random = createRandom(1);
    let [reads, mostReads] = [0, 0];
    shop.stub.fault = () => {
      const ms = 10 + 30 * random();
      reads += 1;
      mostReads = Math.max(mostReads, reads);
      setTimeout(() => (reads -= 1), ms);
      return { kind: 'slow-headers', ms };
    };
    const drawReal = createZipf(REAL_USERS, createRandom(2));
    const flood = 15_000 * SCALE;
    let hits = 0;
    let asked = 0;
    const attacker = async () => {
      for (let sent = 0; sent < flood / TOGETHER; sent += 1) {
        await pause(10 * random()); // who comes together is read together
        const answer = await ask(shop, `made-up-${random()}`);
        expect(answer.source).toBe('popular');
        if (sent % 10 > 0) continue;
        asked += 1;
        if ((await ask(shop, userIdOf(drawReal()))).source === 'personalized') hits += 1;
      }
    };
    await Promise.all(Array.from({ length: TOGETHER }, attacker));

    expect(shop.serving.budget.evictions()).toBe(0);
    expect(hits).toBe(asked);
    expect(timesReal()).toBe(before.real);
    expect(shop.serving.budget.bytes()).toBe(before.bytes);
    expect(liveState(shop).unknownUsers.size).toBeLessThanOrEqual(MOST_REMEMBERED);
    expect(mostReads).toBeGreaterThanOrEqual(MAX_READS);
    // Each may have been given up for its hedge, and still be on its way.
    expect(mostReads).toBeLessThanOrEqual(2 * MAX_READS);
    expect(shop.keysAsked() - before.keys).toBeLessThanOrEqual(1.1 * flood);
    recordFigure(35, {
      test: 'a flood of made-up ids evicts no real user, and takes no more reads at a time than are configured',
      tried: flood,
      result: `hit ratio of real users ${hits} of ${asked}, 0 evicted, at most ${mostReads} reads at a time where ${MAX_READS} and a hedge of each may be`,
    });
  },
);

it('a made-up id that comes again is answered from a memory of its own, until so many others have come', async () => {
  const shop = await openStubServing(1);
  const askAll = async (from: number, to: number) => {
    for (let id = from; id < to; id += TOGETHER) {
      await Promise.all(Array.from({ length: TOGETHER }, (_, index) => ask(shop, `made-up-${id + index}`)));
    }
  };
  await askAll(0, 1000);
  const asked = shop.keysAsked();
  await askAll(0, 1000);
  expect(shop.keysAsked()).toBe(asked);
  await askAll(1000, 1000 + MOST_REMEMBERED);
  const all = shop.keysAsked();
  await askAll(0, 1000);
  expect(shop.keysAsked()).toBeGreaterThanOrEqual(all + 1000);
});
