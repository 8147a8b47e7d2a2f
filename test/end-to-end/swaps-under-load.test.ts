import { Agent } from 'node:http';
import { describe, expect, it } from 'vitest';
import { activate } from '../../src/publishing/activate.ts';
import { publish } from '../../src/publishing/publish.ts';
import { keepAliveGet } from '../support/keep-alive-get.ts';
import { becomesReady, spawnServer } from '../support/program.ts';
import { bundledFile, bundledRanking } from '../support/real-data.ts';
import { openShop } from '../support/shop.ts';

const SWAPS = 20;
const CONNECTIONS = 16;
const DRAIN_DELAY_MS = 1000;
const SHUTDOWN_TIMEOUT_MS = 3000;
// Process start and closing of clients, on a machine that may be busy.
const SLACK_MS = 5000;

interface Tally {
  readonly statuses: Map<number, number>;
  readonly versions: Set<string>;
  readonly failures: string[];
  readonly wrong: string[];
}

describe('under steady keep-alive load', () => {
  it(
    '20 swaps and a SIGTERM: every request is answered, none with 5xx, each from one version',
    { timeout: 120_000 },
    async () => {
      const shop = await openShop();
      const { context } = shop;
      const signal = AbortSignal.timeout(110_000);
      const days = ['2011-11-25', '2011-12-07'] as const;
      const expected = new Map<string, Map<string, string[]>>();
      const versions: string[] = [];
      for (const day of days) {
        const request = { placement: 'home', paths: [bundledFile(day)], reason: day };
        const { loaded } = await publish(context, request, () => undefined, signal);
        versions.push(loaded.version);
        expected.set(loaded.version, bundledRanking(day));
      }
      const server = await spawnServer({
        ...shop.programEnvironment,
        TOPSHELF_DRAIN_DELAY_MS: String(DRAIN_DELAY_MS),
        TOPSHELF_SHUTDOWN_TIMEOUT_MS: String(SHUTDOWN_TIMEOUT_MS),
      });
      await becomesReady(server);

      const users = [...bundledRanking('2011-11-25').keys()];
      const tally: Tally = { statuses: new Map(), versions: new Set(), failures: [], wrong: [] };
      let isOut = false;
      let nextUser = 0;
      const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
      const caller = async () => {
        while (!isOut) {
          const userId = users[nextUser++ % users.length] ?? '';
          try {
            const { status, body } = await keepAliveGet(agent, `${server.api}/recommendations/${userId}`);
            tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
            const { version, recommendations } = JSON.parse(body) as {
              version: string;
              recommendations: { productId: string }[];
            };
            tally.versions.add(version);
            const should = expected.get(version)?.get(userId)?.slice(0, 5).join();
            if (recommendations.map(({ productId }) => productId).join() !== should) tally.wrong.push(body);
          } catch (error) {
            tally.failures.push(String(error));
          }
        }
      };
      // What a load balancer does: it takes a server out when the server says that it is not ready.
      const balancer = async () => {
        while (!isOut) {
          isOut = (await fetch(`${server.ops}/readyz`)).status !== 200;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      };
      const load = Promise.all([...Array.from({ length: CONNECTIONS }, caller), balancer()]);

      for (let swap = 0; swap < SWAPS; swap += 1) {
        const { epoch } = await activate(
          context,
          { placement: 'home', version: versions[swap % 2] ?? '', reason: `swap ${swap}` },
          signal,
        );
        await expect
          .poll(async () => (await fetch(`${server.ops}/status`)).text(), { timeout: 5000, interval: 50 })
          .toContain(`"epoch":${epoch}`);
      }
      const signalled = performance.now();
      server.terminate();
      await load;
      const code = await server.ended;
      agent.destroy();

      expect(code).toBe(0);
      expect(performance.now() - signalled).toBeLessThan(DRAIN_DELAY_MS + SHUTDOWN_TIMEOUT_MS + SLACK_MS);
      expect(tally.failures).toEqual([]);
      expect([...tally.statuses.keys()]).toEqual([200]);
      expect(tally.wrong).toEqual([]);
      expect([...tally.versions].sort()).toEqual([...versions].sort());
      expect(tally.statuses.get(200)).toBeGreaterThan(1000);
    },
  );
});
