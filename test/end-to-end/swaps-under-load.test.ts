import { Agent } from 'node:http';
import { describe, expect, it } from 'vitest';
import { activate } from '../../src/publishing/activate.ts';
import { publish } from '../../src/publishing/publish.ts';
import { recordFigure } from '../support/figures.ts';
import { History, payloadOf, type Sighting } from '../support/history.ts';
import { keepAliveGet } from '../support/keep-alive-get.ts';
import { becomesReady, spawnServer } from '../support/program.ts';
import { bundledFile, bundledRanking } from '../support/real-data.ts';
import { products, type Told } from '../support/serving.ts';
import { openShop } from '../support/shop.ts';

/** As a rule few; `TOPSHELF_TEST_SWAPS=50` for the whole proof. */
const SWAPS = Number(process.env.TOPSHELF_TEST_SWAPS ?? 20);
const SERVER = 'server';
/** A poll interval, and as long as following it may take a machine that is busy. */
const LAG_MS = 2_000;
const TITLE = 'swaps and a SIGTERM: every request is answered, none with 5xx, each from one version';
const CONNECTIONS = 16;
const DRAIN_DELAY_MS = 1000;
const SHUTDOWN_TIMEOUT_MS = 3000;
// Process start and closing of clients, on a machine that may be busy.
const SLACK_MS = 5000;

interface Tally {
  readonly statuses: Map<number, number>;
  readonly failures: string[];
}

/** Asks the server's status; resolves with the epoch that it serves, which the history takes note of. */
async function lookAtStatus(history: History, ops: string): Promise<number> {
  const askedAt = performance.now();
  const { placements } = (await (await fetch(`${ops}/status`)).json()) as {
    placements: { epoch: number; version: string }[];
  };
  const [{ epoch, version } = { epoch: 0, version: '' }] = placements;
  history.seen({ server: SERVER, version, epoch, askedAt, answeredAt: performance.now() });
  return epoch;
}

describe('under steady keep-alive load', () => {
  it(TITLE, { timeout: 240_000 }, async () => {
    const shop = await openShop();
    const { context } = shop;
    const signal = AbortSignal.timeout(230_000);
    const days = ['2011-11-25', '2011-12-07'] as const;
    const expected = new Map<string, Map<string, string[]>>();
    const holds = ({ version, userId }: Sighting & { userId: string }) =>
      expected.get(version)?.get(userId)?.slice(0, 5);
    const history = new History({ holds, lag: LAG_MS });
    const versions: string[] = [];
    for (const day of days) {
      const request = { placement: 'home', paths: [bundledFile(day)], reason: day };
      await history.activate(async () => {
        const { activated } = await publish(context, request, () => undefined, signal);
        versions.push(activated.version);
        expected.set(activated.version, bundledRanking(day));
        return activated;
      });
    }
    const server = await spawnServer({
      ...shop.programEnvironment,
      TOPSHELF_DRAIN_DELAY_MS: String(DRAIN_DELAY_MS),
      TOPSHELF_SHUTDOWN_TIMEOUT_MS: String(SHUTDOWN_TIMEOUT_MS),
    });
    await becomesReady(server);

    const users = [...bundledRanking('2011-11-25').keys()];
    const tally: Tally = { statuses: new Map(), failures: [] };
    let isOut = false;
    let nextUser = 0;
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const caller = async () => {
      while (!isOut) {
        const userId = users[nextUser++ % users.length] ?? '';
        const askedAt = performance.now();
        try {
          const { status, body } = await keepAliveGet(agent, `${server.api}/recommendations/${userId}`);
          tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
          const answer = JSON.parse(body) as Told;
          const payload = payloadOf(products(answer));
          const when = { askedAt, answeredAt: performance.now() };
          history.answered({ ...answer, server: SERVER, payload, ...when });
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
      const request = { placement: 'home', version: versions[swap % 2] ?? '', reason: `swap ${swap}` };
      const epoch = await history.activate(() => activate(context, request, signal));
      await expect.poll(() => lookAtStatus(history, server.ops), { timeout: 5000, interval: 50 }).toBe(epoch);
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
    expect(history.violations()).toEqual([]);
    expect(tally.statuses.get(200)).toBeGreaterThan(1000);
    const result = `0 of ${history.answers} requests failed, 0 answers wrong, over ${SWAPS} swaps and a drain`;
    recordFigure(5, { test: TITLE, tried: history.answers, result });
  });
});
