import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, it } from 'vitest';
import { wrongAmong } from '../support/answer-statistics.ts';
import { recordFigure } from '../support/figures.ts';
import { scrapeOf, total } from '../support/scrape.ts';
import { serviceEndpoints } from './endpoints.ts';
import { openFaultShop } from './fault-shop.ts';
import { openToxicProxy } from './toxiproxy.ts';
import { watchServer } from './watched-server.ts';

/** How long the pointer stores are away: `TOPSHELF_TEST_OUTAGE_SECONDS=1800` for the record. */
const SECONDS = Number(process.env.TOPSHELF_TEST_OUTAGE_SECONDS ?? 5);
const ADOPTED = { timeout: 30_000, interval: 100 };

describe.concurrent('without the pointer store', () => {
  it.for([
    {
      store: 'S3',
      seconds: SECONDS,
      seed: 400,
      pointer: () => undefined,
      address: () => serviceEndpoints().s3.endpoint.replace('http://', ''),
    },
    {
      store: 'ZooKeeper',
      seconds: SECONDS,
      seed: 401,
      pointer: () => `zookeeper://${serviceEndpoints().zookeeper}/outage-${randomUUID()}`,
      address: () => serviceEndpoints().zookeeper,
    },
  ])(
    '($store) for $seconds s: no answer changes, a server that starts then serves the same, and the pointer is followed after it',
    { timeout: SECONDS * 1000 + 180_000 },
    async ({ store, seconds, seed, pointer, address }, { expect, onTestFinished }) => {
      const shop = await openFaultShop(pointer());
      const proxy = await openToxicProxy(address());
      const folder = await mkdtemp(join(tmpdir(), 'topshelf-outage-'));
      onTestFinished(async () => {
        await proxy.remove();
        await shop.close();
        await rm(folder, { recursive: true });
      });
      const behindProxy = {
        AWS_ENDPOINT_URL_S3: `http://${proxy.address}`,
        TOPSHELF_POINTER: shop.environment.TOPSHELF_POINTER?.replace(address(), proxy.address) ?? '',
      };
      const server = await watchServer(shop, behindProxy, { seed, perSecond: 50 });
      onTestFinished(() => server.end());
      await server.recovers();
      const users = shop.users.slice(0, 100);
      const before = await server.answersTo(users);

      await proxy.disable();
      const since = performance.now();
      const [next, live] = shop.versions;
      await shop.activate(next);
      await pause((seconds * 1000) / 2);
      const saved = join(folder, 'saved-pointers');
      await cp(shop.environment.TOPSHELF_SAVED_POINTERS ?? '', saved, { recursive: true });
      // Dead but open: it starts although the store never says anything at all.
      await proxy.add({ type: 'timeout', attributes: { timeout: 0 } });
      await proxy.enable();
      const startedAt = performance.now();
      const late = await watchServer(
        shop,
        { ...behindProxy, TOPSHELF_SAVED_POINTERS: saved },
        { seed: seed + 10, perSecond: 50 },
      );
      const startMs = performance.now() - startedAt;
      onTestFinished(() => late.end());
      await late.recovers();
      await pause((seconds * 1000) / 2);
      const outageMs = performance.now() - since;
      for (const each of [server, late]) expect(wrongAmong(each.load.answers)).toEqual([]);
      expect(server.versionsSince(since)).toEqual([live]);
      expect(late.versionsSince(0)).toEqual([live]);
      for (const each of [server, late]) expect(await each.answersTo(users)).toEqual(before);
      for (const each of [server, late]) {
        expect((await fetch(`${each.ops}/readyz`)).status).toBe(200);
        expect(total(await scrapeOf(each), 'topshelf_pointer_read_errors_total')).toBeGreaterThan(0);
      }

      await proxy.clear();
      const endedAt = performance.now();
      for (const each of [server, late]) {
        await expect.poll(() => each.load.answers.at(-1)?.version, ADOPTED).toBe(next);
      }
      const adoptedMs = performance.now() - endedAt;
      for (const each of [server, late]) {
        const { tried, result } = await each.check();
        recordFigure(11, {
          test: each === server ? `${store} away under load` : `a server started while ${store} was away`,
          tried,
          result:
            `${(outageMs / 1000).toFixed(0)} s, ${result}; started in ${Math.round(startMs)} ms, ` +
            `followed again after ${Math.round(adoptedMs)} ms`,
        });
      }
    },
  );
});
