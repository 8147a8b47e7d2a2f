import { describe, expect, it, onTestFinished } from 'vitest';
import { drill, type DrillReport } from '../../src/drill/drill.ts';
import type { DrilledServer } from '../../src/drill/drilled-server.ts';
import type { PointerStandIn } from '../../src/drill/pointer-stand-in.ts';
import { REHEARSALS } from '../../src/drill/rehearsals.ts';
import { startStoreProxy } from '../../src/drill/store-proxy.ts';
import { startDoubleServer, WELL, type DoubleBehaviour } from '../support/double-server.ts';

const VERSION = '20261121T031500Z-3f9a1c';
const POPULAR = { version: VERSION, source: 'popular', reason: 'store-error', recommendations: WELL };
// Far beyond what a busy machine takes for an answer: nothing here but what is meant to be late may be late.
const DEADLINE_MS = 500;

type Wrong = Partial<Pick<DoubleBehaviour, 'instead' | 'version'>> & {
  readonly users?: readonly string[];
  /** Receives each server that is started. */
  readonly servers?: DrilledServer[];
  /** What the second and later servers get wrong. */
  readonly later?: Partial<DoubleBehaviour>;
};

/** Goes through one rehearsal with a server that is fine but for what is given. */
async function rehearse(
  name: string,
  { users = ['anna', 'bert'], servers: started = [], ...wrong }: Wrong = {},
): Promise<DrillReport> {
  const store = await startStoreProxy(async () => ({ status: 200, body: '{}' }));
  onTestFinished(() => store.close());
  let pointerErrors = 0;
  const pointer: PointerStandIn = {
    environment: {},
    befall: async (fault) => {
      if (fault !== undefined) pointerErrors += 1;
    },
    close: async () => undefined,
  };
  const good: DoubleBehaviour = {
    store: store.endpoint,
    version: VERSION,
    instead: () => ({ body: POPULAR }),
    pointerErrors: () => pointerErrors,
  };
  return drill(
    {
      rehearsals: REHEARSALS.filter((each) => each.name === name),
      users,
      placement: 'home',
      limits: { requestDeadlineMs: DEADLINE_MS, pointerPollMs: 100 },
      allowanceMs: DEADLINE_MS,
      recoveryLimitSeconds: 2,
      seconds: 0.2,
      rate: 100,
      store,
      pointer,
      start: async () => {
        const later = started.length === 0 ? {} : wrong.later;
        const server = await startDoubleServer({ ...good, ...wrong, ...later });
        started.push(server);
        return server;
      },
    },
    () => undefined,
    new AbortController().signal,
  );
}

async function failuresOf(name: string, wrong: Wrong): Promise<string> {
  const { passed, rehearsals } = await rehearse(name, wrong);
  expect(passed).toBe(false);
  expect(rehearsals[0]?.verdict).toBe('failed');
  return rehearsals[0]?.failures.join('\n') ?? '';
}

describe('a drill', () => {
  it('passes a server that falls back to popular products, and counts what callers saw', async () => {
    const { passed, rehearsals, users } = await rehearse('failing-store');
    expect(passed).toBe(true);
    expect(users).toBe(2);
    const [report] = rehearsals;
    expect(report).toMatchObject({
      verdict: 'passed',
      failures: [],
      errors: 0,
      personalizedAgainAfterSeconds: 0,
    });
    expect(report?.answers).toContainEqual({
      source: 'popular',
      reason: 'store-error',
      answers: report?.requests,
    });
  });

  it('fails a server whose fallback is an error', async () => {
    const instead = () => ({ status: 500, body: { detail: 'oh no' } });
    expect(await failuresOf('failing-store', { instead })).toMatch(
      /of \d+ requests ended in an error; expected: none. The first: 500 oh no/,
    );
  });

  it('fails a server that answers after the deadline', async () => {
    const instead = () => ({ body: POPULAR, afterMs: 3 * DEADLINE_MS });
    expect(await failuresOf('throttled-store', { instead })).toMatch(
      /answers came later than 500 ms and 500 ms of allowance/,
    );
  });

  it('fails a server that answers from another version, with other products, or with none', async () => {
    const other = { ...POPULAR, version: '20261122T031500Z-ffffff' };
    expect(await failuresOf('failing-store', { instead: () => ({ body: other }) })).toMatch(
      /answers came from another version than 20261121T031500Z-3f9a1c/,
    );
    const stale = { ...POPULAR, source: 'stale', recommendations: [{ productId: 'lamp', score: 1 }] };
    expect(await failuresOf('failing-store', { instead: () => ({ body: stale }) })).toMatch(
      /answers differ from what the version holds; expected: none. The first: lamp/,
    );
    const none = { ...POPULAR, recommendations: [] };
    expect(await failuresOf('failing-store', { instead: () => ({ body: none }) })).toMatch(/held no product/);
  });

  it('fails a server that gives no reason for an answer that is not personalized', async () => {
    const { reason: _, ...body } = POPULAR;
    expect(await failuresOf('failing-store', { instead: () => ({ body }) })).toMatch(
      /answers were not personalized and gave no reason; expected: none. The first: popular/,
    );
  });

  it('fails a server that takes users for unknown because it cannot read them', async () => {
    const body = { ...POPULAR, reason: 'unknown-user' };
    expect(await failuresOf('table-gone', { instead: () => ({ body }) })).toMatch(/taken for unknown/);
  });

  it('fails where the fault met nothing: then nothing was shown', async () => {
    const later = { pointerErrors: () => 0 };
    expect(await failuresOf('corrupt-pointer', { later })).toMatch(/the fault met nothing/);
  }, 60_000);

  it('fails a server that follows a pointer which it should have refused', async () => {
    let looks = 0;
    const later = { epoch: () => (looks++ === 0 ? 1 : 0) };
    expect(await failuresOf('older-pointer', { later })).toMatch(/went from epoch 1 .* to epoch 0/);
  });

  it('fails a server that ends under the fault', async () => {
    const servers: DrilledServer[] = [];
    const instead = () => {
      void servers.at(-1)?.stop();
      return { body: POPULAR };
    };
    expect(await failuresOf('failing-store', { instead, servers })).toMatch(
      /requests ended in an error[^]*the ops listener gave no answer .*ECONNREFUSED[^]*not personalized again within 2 s/,
    );
  });

  it('leaves out users without a prediction, and says how many', async () => {
    const users = ['anna', 'bert', 'anna'];
    expect(await rehearse('failing-store', { users })).toMatchObject({ users: 2, usersLeftOut: 1 });
  });

  it('refuses to rehearse with too few users, and says what they were answered', async () => {
    await expect(rehearse('failing-store', { users: ['anna'] })).rejects.toThrow(
      /at least 2 users with a prediction, and 1 of those given/,
    );
  });
});
