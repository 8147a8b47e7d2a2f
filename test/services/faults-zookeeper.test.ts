import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { startTcpProxy } from '../pointer/tcp-proxy.ts';
import { recordFigure } from '../support/figures.ts';
import { scrapeOf, total } from '../support/scrape.ts';
import { connectionsTo } from './connections.ts';
import { openFaultShop, type FaultShop } from './fault-shop.ts';
import { openToxicProxy, type Toxic, type ToxicProxy } from './toxiproxy.ts';
import { watchServer, type WatchedServer } from './watched-server.ts';
import { startZooKeeperEnsemble, type ZooKeeperEnsemble } from './zookeeper-ensemble.ts';
import { endSession, sessionIn } from './zookeeper-hand.ts';

const OUTAGE_MS = Number(process.env.TOPSHELF_TEST_FAULT_SECONDS ?? 4) * 1000;
/** After an outage, until a version that was activated in it, or since, is served. */
const ADOPTED = { timeout: 30_000, interval: 100 };

const root = `/faults-${randomUUID()}`;
let ensemble: ZooKeeperEnsemble;
let shop: FaultShop;
let proxies: ToxicProxy[];
let server: WatchedServer;

beforeAll(async () => {
  ensemble = await startZooKeeperEnsemble();
  shop = await openFaultShop(`zookeeper://${ensemble.addresses.join(',')}${root}`);
  proxies = await Promise.all(ensemble.addresses.map(openToxicProxy));
});
afterAll(async () => {
  await Promise.all(proxies.map((proxy) => proxy.remove()));
  await shop.close();
  await ensemble.stop();
});
beforeEach(async () => {
  server = await watchServer(shop, settings(), { seed: 300 });
  await server.recovers();
});
afterEach(async () => {
  for (const proxy of proxies) await proxy.clear();
  await server.end();
});

const settings = (hosts = proxies.map(({ address }) => address)) => ({
  TOPSHELF_POINTER: `zookeeper://${hosts.join(',')}${root}`,
});

async function liveNow(): Promise<string> {
  const { placements } = (await (await fetch(`${server.ops}/status`)).json()) as {
    placements: { version: string }[];
  };
  return placements[0]?.version ?? '';
}
/** The version that is not live. */
const otherThan = (version: string) => shop.versions.find((each) => each !== version) ?? '';
const readErrors = async () => total(await scrapeOf(server), 'topshelf_pointer_read_errors_total');
const connections = async () => {
  const each = await Promise.all(proxies.map(({ address }) => connectionsTo(server.pid, address)));
  return each.reduce((sum, count) => sum + count, 0);
};

/** A publisher whose connection an election took away is told so, and tries again. */
async function activateInTime(version: string): Promise<void> {
  const until = performance.now() + 30_000;
  for (;;) {
    try {
      await shop.activate(version);
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await pause(500);
    }
  }
}

describe('with the pointer in a ZooKeeper ensemble', () => {
  it(
    'whose leader is killed: it is followed on, and callers notice nothing',
    { timeout: 120_000 },
    async () => {
      const before = await liveNow();
      const killed = await ensemble.leader();
      await ensemble.kill(killed);
      const next = otherThan(before);
      await activateInTime(next);
      const activatedAt = performance.now();
      await expect.poll(liveNow, ADOPTED).toBe(next);
      const adoptedMs = performance.now() - activatedAt;
      await ensemble.start(killed);
      expect(await connections()).toBe(1);
      const { tried, result } = await server.check();
      recordFigure(7, {
        test: 'the leader of the ZooKeeper ensemble is killed',
        tried,
        result: `${result}; the next activation adopted after ${Math.round(adoptedMs)} ms`,
      });
    },
  );

  it(
    'whose servers are all killed: nothing changes for callers, and it is followed when they are back',
    { timeout: 180_000 },
    async () => {
      const before = await liveNow();
      const since = performance.now();
      await Promise.all([0, 1, 2].map((index) => ensemble.kill(index)));
      await expect.poll(readErrors, { timeout: 15_000 }).toBeGreaterThan(0);
      await pause(OUTAGE_MS);
      expect(server.versionsSince(since)).toEqual([before]);
      expect((await fetch(`${server.ops}/readyz`)).status).toBe(200);

      await Promise.all([0, 1, 2].map((index) => ensemble.start(index)));
      await ensemble.leader();
      const next = otherThan(before);
      await activateInTime(next);
      const activatedAt = performance.now();
      await expect.poll(liveNow, ADOPTED).toBe(next);
      const adoptedMs = performance.now() - activatedAt;
      expect(await connections()).toBe(1);
      const { tried, result } = await server.check();
      recordFigure(11, {
        test: 'all of a ZooKeeper ensemble is killed',
        tried,
        result: `${result}; adopted ${Math.round(adoptedMs)} ms after an activation on the ensemble that was back`,
      });
    },
  );

  it.each<[string, Toxic, 'upstream' | 'downstream']>([
    [
      'whose replies do not come, on a link that seems open',
      { type: 'timeout', attributes: { timeout: 0 } },
      'downstream',
    ],
    [
      'that no request reaches, on a link that seems open',
      { type: 'timeout', attributes: { timeout: 0 } },
      'upstream',
    ],
    ['whose link is reset', { type: 'reset_peer', attributes: { timeout: 0 } }, 'downstream'],
    ['that is too slow', { type: 'latency', attributes: { latency: 4000 } }, 'downstream'],
    [
      'that breaks off in the midst of replies',
      { type: 'limit_data', attributes: { bytes: 100 } },
      'downstream',
    ],
  ])(
    '%s: what is served does not change, and what was activated meanwhile is adopted after it',
    { timeout: 120_000 },
    async (name, toxic, stream) => {
      const before = await liveNow();
      for (const proxy of proxies) await proxy.add(toxic, stream);
      const since = performance.now();
      const next = otherThan(before);
      await activateInTime(next);
      await expect.poll(readErrors, { timeout: 15_000 }).toBeGreaterThan(0);
      await pause(OUTAGE_MS);
      expect(server.versionsSince(since)).toEqual([before]);

      for (const proxy of proxies) await proxy.clear();
      const endedAt = performance.now();
      await expect.poll(liveNow, ADOPTED).toBe(next);
      const adoptedMs = performance.now() - endedAt;
      expect(await connections()).toBe(1);
      const { tried, result } = await server.check();
      recordFigure(7, {
        test: `a ZooKeeper ensemble ${name}`,
        tried,
        result: `${result}; adopted ${Math.round(adoptedMs)} ms after it`,
      });
    },
  );

  it('that ends the session: it is followed on with another one', { timeout: 60_000 }, async () => {
    const host = ensemble.addresses[0] ?? '';
    const tap = await startTcpProxy(host);
    const watched = await watchServer(shop, settings([`127.0.0.1:${tap.port}`]), { seed: 301 });
    try {
      await watched.recovers();
      for (let ending = 1; ending <= 3; ending += 1) {
        await endSession(host, sessionIn(tap.firstReply()));
        await expect.poll(() => tap.connections(), { timeout: 15_000 }).toBe(1 + ending);
        await expect.poll(() => connectionsTo(watched.pid, `127.0.0.1:${tap.port}`)).toBe(1);
      }
      const next = otherThan(await liveNow());
      await shop.activate(next);
      await expect.poll(() => watched.load.answers.at(-1)?.version, ADOPTED).toBe(next);
      await watched.check();
    } finally {
      await watched.end();
      await tap.close();
    }
  });
});
