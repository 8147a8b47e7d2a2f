import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../load-tests/draw.ts';
import { recordFigure } from '../support/figures.ts';
import { scrapeOf, total } from '../support/scrape.ts';
import { connectionsTo } from './connections.ts';
import { serviceEndpoints } from './endpoints.ts';
import { MAX_SOCKETS, openFaultShop, type FaultShop } from './fault-shop.ts';
import { openToxicProxy, type ToxicProxy } from './toxiproxy.ts';
import { flicker, watchServer } from './watched-server.ts';

/** How long each fault is on in all: `TOPSHELF_TEST_FAULT_SECONDS=10` for the record. */
const ON_MS = Number(process.env.TOPSHELF_TEST_FAULT_SECONDS ?? 2) * 1000;

let shop: FaultShop;
let proxy: ToxicProxy;

beforeAll(async () => {
  shop = await openFaultShop();
  proxy = await openToxicProxy(serviceEndpoints().dynamodb.replace('http://', ''));
});
afterAll(async () => {
  await proxy.remove();
  await shop.close();
});

const behindProxy = () => ({ AWS_ENDPOINT_URL_DYNAMODB: `http://${proxy.address}` });

const FAULTS: Readonly<Record<string, () => Promise<void>>> = {
  'is slow': () => proxy.add({ type: 'latency', attributes: { latency: 400, jitter: 200 } }),
  'answers nothing any more': () => proxy.add({ type: 'timeout', attributes: { timeout: 0 } }),
  'is reached by no request, on connections that seem open': () =>
    proxy.add({ type: 'timeout', attributes: { timeout: 0 } }, 'upstream'),
  'resets connections': () => proxy.add({ type: 'reset_peer', attributes: { timeout: 0 } }),
  'resets connections after a while': () => proxy.add({ type: 'reset_peer', attributes: { timeout: 30 } }),
  'closes connections, and that comes late': async () => {
    await proxy.add({ type: 'slow_close', attributes: { delay: 3000 } });
    await proxy.add({ type: 'limit_data', attributes: { bytes: 5000 } });
  },
  'has hardly any bandwidth': () => proxy.add({ type: 'bandwidth', attributes: { rate: 4 } }),
  'breaks off in the midst of answers': () => proxy.add({ type: 'limit_data', attributes: { bytes: 1500 } }),
  'refuses connections': () => proxy.disable(),
};

describe('with the table store behind a network that fails', () => {
  it.each(Object.entries(FAULTS).map(([name, on], index) => ({ name, on, seed: 100 + index })))(
    'and $name: answers are right and in time, personalized after it, and no connection is left over',
    { timeout: 90_000 + 2 * ON_MS },
    async ({ name, on, seed }) => {
      const server = await watchServer(shop, behindProxy(), { seed });
      try {
        await server.recovers();
        const off = async () => {
          await proxy.clear();
          await proxy.enable();
        };
        const endedAt = await flicker({ on, off }, ON_MS, createRandom(seed));
        const recoveredMs = await server.recovers(endedAt);
        const { tried, result } = await server.check();
        expect(server.load.answers.some(({ reason }) => reason.startsWith('store-'))).toBe(true);
        const samples = await scrapeOf(server);
        expect(total(samples, 'topshelf_breaker_state')).toBe(0);
        expect(total(samples, 'topshelf_pointer_rejections_total')).toBe(0);
        // Reads without a caller are cut off after a second; what is left is the pool, idle.
        await expect
          .poll(async () => total(await scrapeOf(server), 'topshelf_store_reads_in_flight'), {
            timeout: 5000,
          })
          .toBe(0);
        expect(await connectionsTo(server.pid, proxy.address)).toBeLessThanOrEqual(MAX_SOCKETS);
        recordFigure(18, {
          test: `the table store ${name}`,
          tried,
          result: `${result}; personalized after ${Math.round(recoveredMs)} ms`,
        });
      } finally {
        await proxy.clear();
        await server.end();
      }
    },
  );

  it('opens no more connections with every outage than the pool has', { timeout: 120_000 }, async () => {
    const server = await watchServer(shop, behindProxy(), { seed: 200 });
    try {
      const counts: number[] = [];
      for (let outage = 0; outage < 5; outage += 1) {
        // Late, and not silent: where that ends, toxiproxy ends the connections, whoever would have kept them.
        await proxy.add({ type: 'latency', attributes: { latency: 30_000 } });
        await new Promise((resolve) => setTimeout(resolve, 1500));
        await proxy.clear();
        await server.recovers();
        counts.push(await connectionsTo(server.pid, proxy.address));
      }
      const { tried } = await server.check();
      expect(Math.max(...counts)).toBeLessThanOrEqual(MAX_SOCKETS);
      recordFigure(19, { test: 'connections after each of five outages', tried, result: counts.join(', ') });
    } finally {
      await server.end();
    }
  });

  it(
    'goes on with popular products when its table is deleted, until another version is live',
    { timeout: 90_000 },
    async () => {
      const server = await watchServer(shop, behindProxy(), { seed: 201 });
      const [before, deleted] = shop.versions;
      try {
        await server.recovers();
        await shop.context.tables.delete(`topshelf-home-${deleted}`, AbortSignal.timeout(10_000));
        const deletedAt = performance.now();
        await expect
          .poll(async () => total(await scrapeOf(server), 'topshelf_breaker_state'), { timeout: 10_000 })
          .toBe(2);
        expect(server.versionsSince(deletedAt)).toEqual([deleted]);
        expect(
          total(await scrapeOf(server), 'topshelf_store_users_read_total', 'outcome="table-missing"'),
        ).toBeGreaterThan(0);
        expect((await fetch(`${server.ops}/readyz`)).status).toBe(200);

        await shop.activate(before);
        const recoveredMs = await server.recovers();
        const { tried, result } = await server.check();
        recordFigure(17, {
          test: 'the live table is deleted under load',
          tried,
          result: `${result}; personalized ${Math.round(recoveredMs)} ms after another version was activated`,
        });
      } finally {
        await server.end();
      }
    },
  );
});
