import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startChild } from '../../load-tests/child.ts';
import { applyLoad } from '../../load-tests/load.ts';
import { recordFigure } from '../support/figures.ts';

const SERVER = join(import.meta.dirname, '../../load-tests/peers/bare-http.ts');
const PER_SECOND = 500;
const SECONDS = 6;
const STOPPED_MS = 500;
// A stop holds up one request of each connection: of two, so few that p99.9 would not show them alone.
const CONNECTIONS = 2;

describe('a server that is stopped for half a second', () => {
  it('shows in p99.9, at the rate that was asked for', async () => {
    const server = await startChild(0, [SERVER], {});
    onTestFinished(() => server.stop());
    const loading = applyLoad(server.api, SECONDS, {
      connections: CONNECTIONS,
      nextUser: () => 1,
      rate: PER_SECOND,
    });
    await pause(2000);
    process.kill(server.pid, 'SIGSTOP');
    await pause(STOPPED_MS);
    process.kill(server.pid, 'SIGCONT');
    const { requests, seconds, errors, latencyMs } = await loading;
    const rate = requests / seconds / PER_SECOND;
    expect(errors).toBe(0);
    expect(rate).toBeGreaterThan(0.9);
    expect(rate).toBeLessThan(1.1);
    // Each request that fell due meanwhile waited for the rest of it: a twelfth of all, evenly from 0 to 500 ms.
    expect(latencyMs.p999).toBeGreaterThan(0.9 * STOPPED_MS);
    expect(latencyMs.p99).toBeGreaterThan(0.7 * STOPPED_MS);
    const { p99, p999, p50 } = latencyMs;
    recordFigure(42, {
      test: 'shows in p99.9, at the rate that was asked for',
      tried: requests,
      result:
        `p99.9 ${p999.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, p50 ${p50.toFixed(1)} ms, ` +
        `${(100 * rate).toFixed(1)} % of the rate that was asked for`,
    });
  });
});
