import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { publish } from '../../src/publishing/publish.ts';
import { startTcpProxy } from '../pointer/tcp-proxy.ts';
import { recordFigure } from '../support/figures.ts';
import { keepAliveGet } from '../support/keep-alive-get.ts';
import { becomesReady, spawnServer } from '../support/program.ts';
import { bundledFile, bundledRanking } from '../support/real-data.ts';
import { openShop, recommend } from '../support/shop.ts';
import { startStallClock } from '../support/stall-clock.ts';

/** How long the table is away: `TOPSHELF_TEST_LIVENESS_SECONDS=600` for the record. */
const SECONDS = Number(process.env.TOPSHELF_TEST_LIVENESS_SECONDS ?? 4);
const LIMIT = 50;
const CALLERS = 3 * LIMIT;
const PROBE_EVERY_MS = 250;
/** As deploy/kubernetes has it: an answer that comes later counts as none. */
const PROBE_TIMEOUT_MS = 2000;
const TITLE = 'is alive all the time, and refuses only what is past its limit';

describe('a server whose table answers nothing, under three times the requests that it takes', () => {
  it(TITLE, { timeout: SECONDS * 1000 + 180_000 }, async () => {
    const shop = await openShop();
    const request = { placement: 'home', paths: [bundledFile('2011-11-25')], reason: 'test' };
    await publish(shop.context, request, () => undefined, AbortSignal.timeout(120_000));
    const proxy = await startTcpProxy(shop.emulator.connection.endpoint.replace('http://', ''));
    onTestFinished(() => proxy.close());
    const server = await spawnServer({
      ...shop.programEnvironment,
      AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${proxy.port}`,
      TOPSHELF_REQUEST_DEADLINE_MS: '100',
      TOPSHELF_READ_TIMEOUT_MS: '50',
      TOPSHELF_CACHE_MAX_AGE_SECONDS: '1', // so that nearly every request asks the table
      TOPSHELF_MAX_REQUESTS_IN_FLIGHT: String(LIMIT),
    });
    await becomesReady(server);
    let hasEnded = false;
    void server.ended.then(() => (hasEnded = true));

    proxy.hang();
    const users = [...bundledRanking('2011-11-25').keys()];
    const agent = new Agent({ keepAlive: true });
    const until = performance.now() + SECONDS * 1000;
    const statuses = new Map<number, number>();
    let next = 0;
    // Each asks again as soon as it has its answer, so that as many requests as there are callers are under way.
    const call = async () => {
      while (performance.now() < until) {
        const path = `/recommendations/${users[next++ % users.length]}`;
        const { status } = await keepAliveGet(agent, `${server.api}${path}`);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const probes: { readonly status: number; readonly ms: number }[] = [];
    const clock = startStallClock('process');
    const probe = async () => {
      while (performance.now() < until) {
        const askedAt = performance.now();
        // On a connection of its own each time, as kubelet does.
        const headers = { connection: 'close' };
        const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
        const status = await fetch(`${server.ops}/livez`, { headers, signal }).then(
          (answer) => answer.status,
          () => 0,
        );
        const answeredAt = performance.now();
        probes.push({ status, ms: answeredAt - askedAt - clock.stalledMs(askedAt, answeredAt) });
        await pause(PROBE_EVERY_MS);
      }
    };
    await Promise.all([probe(), ...Array.from({ length: CALLERS }, call)]);
    agent.destroy();
    clock.stop();

    expect(probes.length).toBeGreaterThan(SECONDS);
    expect(probes.filter(({ status }) => status !== 200)).toEqual([]);
    expect(hasEnded).toBe(false);
    expect([...statuses.keys()].sort()).toEqual([200, 503]);
    proxy.mend();
    const source = async () => (await recommend(server, users[0] ?? '')).source;
    await expect.poll(source, { timeout: 30_000 }).toBe('personalized');
    const longest = Math.max(...probes.map(({ ms }) => ms));
    recordFigure(32, {
      test: TITLE,
      tried: probes.length,
      result:
        `0 probes of /livez failed in ${SECONDS} s, longest ${longest.toFixed(0)} ms without stalls of the prober; beside them ` +
        `${statuses.get(200)} requests answered with 200, ${statuses.get(503)} with 503; 0 restarts`,
    });
  });
});
