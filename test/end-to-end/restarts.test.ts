import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRandom } from '../../load-tests/draw.ts';
import { activate } from '../../src/publishing/activate.ts';
import { publish } from '../../src/publishing/publish.ts';
import { wrongAmong } from '../support/answer-statistics.ts';
import { recordFigure } from '../support/figures.ts';
import { createLoadBalancer, type LoadBalancer } from '../support/load-balancer.ts';
import { startPacedLoad, type Golden, type PacedLoad } from '../support/paced-load.ts';
import { becomesReady, spawnServer, type ServerProcess } from '../support/program.ts';
import { bundledFile, bundledRanking } from '../support/real-data.ts';
import { openShop } from '../support/shop.ts';

const RESTARTS = 10;
const KILLS = 20;
const DRAIN_DELAY_MS = 800;

interface Fleet {
  readonly balancer: LoadBalancer;
  readonly load: PacedLoad;
  /** Those it was opened with. */
  readonly servers: ServerProcess[];
  /** A server more, in the balancer as soon as it is ready. */
  start(): Promise<ServerProcess>;
  /** Makes the version live that is not. */
  swap(): Promise<void>;
}

/** Servers of one shop under load, with two versions published. `lagMs` as the balancer asks for it. */
async function openFleet(size: number, seed: number, lagMs: () => number): Promise<Fleet> {
  const shop = await openShop();
  const { context } = shop;
  const soon = () => AbortSignal.timeout(60_000);
  const goldens = new Map<string, Golden>();
  for (const day of ['2011-11-25', '2011-12-07'] as const) {
    const request = { placement: 'home', paths: [bundledFile(day)], reason: day };
    const { loaded } = await publish(context, request, () => undefined, soon());
    const popular = loaded.seal.popular.map(([productId]) => productId);
    goldens.set(loaded.version, { users: bundledRanking(day), popular });
  }
  const balancer = createLoadBalancer(lagMs);
  onTestFinished(() => balancer.close());
  const versions = [...goldens.keys()];
  let swaps = 0;
  const start = async () => {
    const server = await spawnServer({
      ...shop.programEnvironment,
      TOPSHELF_DRAIN_DELAY_MS: String(DRAIN_DELAY_MS),
      TOPSHELF_LOG_LEVEL: 'info',
    });
    await becomesReady(server);
    balancer.add(server);
    return server;
  };
  const servers = await Promise.all(Array.from({ length: size }, start));
  const users = [...bundledRanking('2011-11-25').keys()];
  return {
    balancer,
    servers,
    load: startPacedLoad({ send: balancer.send, goldens, users, perSecond: 200, seed }),
    start,
    async swap() {
      const version = versions[swaps++ % versions.length] ?? '';
      await activate(context, { placement: 'home', version, reason: 'test' }, soon());
    },
  };
}

describe('servers behind a load balancer', () => {
  it('restarted one after the other: no request fails', { timeout: 240_000 }, async () => {
    const random = createRandom(1);
    // Up to the drain delay, and a little less: a balancer that takes longer needs a longer delay.
    const fleet = await openFleet(2, 1, () => random() * 0.8 * DRAIN_DELAY_MS);
    const { servers } = fleet;
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      servers.push(await fleet.start());
      const oldest = servers.shift();
      oldest?.terminate();
      expect(await oldest?.ended).toBe(0);
      if (restart % 3 === 0) await fleet.swap();
    }
    await fleet.load.stop();
    expect(fleet.balancer.lost).toEqual([]);
    expect(wrongAmong(fleet.load.answers)).toEqual([]);
    expect(fleet.load.answers.length).toBeGreaterThan(RESTARTS * 100);
    recordFigure(30, {
      test: 'restarted one after the other: no request fails',
      tried: fleet.load.answers.length,
      result: `0 requests failed in ${RESTARTS} restarts, exit code 0 each`,
    });
  });

  it(
    'killed again and again: only requests that were in flight are lost, and each server starts again',
    { timeout: 240_000 },
    async () => {
      const random = createRandom(2);
      const fleet = await openFleet(2, 2, () => 0);
      const { servers } = fleet;
      const deaths = new Map<ServerProcess, { killedAt: number; deadAt: number }>();
      let inFlight = 0;
      let longestAwayMs = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        // A pointer is being adopted and saved, or not, when the server dies.
        if (kill % 2 === 0) await fleet.swap();
        await pause(random() * 400);
        const victim = servers.shift();
        if (victim === undefined) throw new Error('no server is left');
        const killedAt = performance.now();
        inFlight += fleet.balancer.inFlight(victim);
        victim.kill();
        await victim.ended;
        const deadAt = performance.now();
        servers.push(await fleet.start());
        longestAwayMs = Math.max(longestAwayMs, performance.now() - killedAt);
        deaths.set(victim, { killedAt, deadAt });
      }
      await fleet.load.stop();
      const { lost } = fleet.balancer;
      expect(wrongAmong(fleet.load.answers.filter(({ status }) => status !== 0))).toEqual([]);
      expect(fleet.load.answers.filter(({ status }) => status === 0)).toHaveLength(lost.length);
      for (const { server, sentAt, lostAt } of lost) {
        const { killedAt, deadAt } = deaths.get(server) ?? { killedAt: Infinity, deadAt: -Infinity };
        expect(sentAt).toBeLessThanOrEqual(deadAt);
        expect(lostAt).toBeGreaterThanOrEqual(killedAt);
      }
      recordFigure(31, {
        test: 'killed again and again: only requests that were in flight are lost, and each server starts again',
        tried: KILLS,
        result:
          `${lost.length} of ${fleet.load.answers.length} requests lost, none of them sent to a server that was dead; ` +
          `${inFlight} were under way as the signals were sent; ` +
          `another server was ready ${Math.round(longestAwayMs)} ms later at most`,
      });
    },
  );
});
