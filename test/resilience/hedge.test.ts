import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { callHedged, type HedgeOutcome } from '../../src/resilience/hedge.ts';
import type { RollingQuantile } from '../../src/resilience/rolling-quantile.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TIMEOUT_MS = 50;

interface Attempt {
  readonly ms: number;
  readonly error?: string;
}

/** Calls work whose attempts take so long and end so, and records what came of it and when. */
function call(attempts: readonly Attempt[], { p95 = 10, mayHedge = true } = {}) {
  const seen = {
    startedAt: [] as number[],
    leftAt: [] as number[],
    latencies: [] as number[],
    outcomes: [] as HedgeOutcome[],
    result: undefined as string | undefined,
    at: NaN,
  };
  const zero = performance.now();
  const sinceStart = () => performance.now() - zero;
  const latency: RollingQuantile = {
    add: (value) => seen.latencies.push(value),
    value: () => (Number.isNaN(p95) ? undefined : p95),
  };
  const work = callHedged({
    attempt: (signal) =>
      new Promise<string>((resolve, reject) => {
        const index = seen.startedAt.push(sinceStart()) - 1;
        const { ms, error } = attempts[index] ?? { ms: Infinity };
        const timer = setTimeout(
          () => (error === undefined ? resolve(`answer ${index}`) : reject(new Error(error))),
          ms,
        );
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          seen.leftAt.push(sinceStart());
          reject(new Error(`left ${index}`));
        });
      }),
    latency,
    timeoutMs: TIMEOUT_MS,
    mayHedge: () => mayHedge,
    onHedged: (outcome) => seen.outcomes.push(outcome),
  });
  const settle = (result: string) => Object.assign(seen, { result, at: sinceStart() });
  work.then(settle, (error: Error) => settle(error.message));
  return seen;
}

async function finish<T>(seen: T): Promise<T> {
  await vi.advanceTimersByTimeAsync(1000);
  expect(vi.getTimerCount()).toBe(0);
  return seen;
}

describe('a hedged call', () => {
  it('makes one attempt where that is as fast as most', async () => {
    const seen = await finish(call([{ ms: 9 }]));
    expect(seen).toMatchObject({ result: 'answer 0', at: 9, startedAt: [0], latencies: [9], outcomes: [] });
  });

  it('makes a second one after the usual time, takes its answer and leaves the first', async () => {
    const seen = await finish(call([{ ms: 40 }, { ms: 5 }]));
    expect(seen).toMatchObject({
      result: 'answer 1',
      at: 15,
      startedAt: [0, 10],
      leftAt: [15],
      outcomes: ['won'],
    });
    expect(seen.latencies).toEqual([15]);
  });

  it('takes the first answer where that comes sooner after all', async () => {
    const seen = await finish(call([{ ms: 12 }, { ms: 30 }]));
    expect(seen).toMatchObject({
      result: 'answer 0',
      at: 12,
      leftAt: [12],
      latencies: [12],
      outcomes: ['lost'],
    });
  });

  it.each([
    ['never sooner than 8 ms', 0.4, 8],
    ['at half its time where nothing is known of such calls', NaN, 25],
  ])('makes the second one %s', async (_, p95, startedAt) => {
    expect((await finish(call([{ ms: 45 }, { ms: 1 }], { p95 }))).startedAt).toEqual([0, startedAt]);
  });

  it('makes no second one that would start after its time', async () => {
    const seen = await finish(call([{ ms: 90 }], { p95: 60 }));
    expect(seen).toMatchObject({ result: 'left 0', at: 50, startedAt: [0], latencies: [50], outcomes: [] });
  });

  it('makes no second one where it may not', async () => {
    const seen = await finish(call([{ ms: 40 }], { mayHedge: false }));
    expect(seen).toMatchObject({ result: 'answer 0', at: 40, startedAt: [0], outcomes: [] });
  });

  it('fails at once where the first fails before a second was made', async () => {
    const seen = await finish(call([{ ms: 3, error: 'refused' }]));
    expect(seen).toMatchObject({ result: 'refused', at: 3, startedAt: [0], latencies: [], outcomes: [] });
  });

  it.each([
    ['first', [{ ms: 12, error: 'broken' }, { ms: 20 }], 'answer 1', 30, 'won'],
    ['second', [{ ms: 40 }, { ms: 1, error: 'throttled' }], 'answer 0', 40, 'lost'],
  ] as const)('waits for the other where the %s fails', async (_, attempts, result, at, outcome) => {
    expect(await finish(call(attempts))).toMatchObject({ result, at, outcomes: [outcome] });
  });

  it('fails as the first attempt did where both fail', async () => {
    const attempts = [
      { ms: 20, error: 'broken' },
      { ms: 1, error: 'throttled' },
    ];
    expect(await finish(call(attempts))).toMatchObject({ result: 'broken', at: 20, outcomes: ['failed'] });
  });

  it('leaves both at its timeout', async () => {
    const seen = await finish(call([{ ms: 900 }, { ms: 900 }]));
    expect(seen).toMatchObject({
      result: 'left 0',
      at: 50,
      leftAt: [50, 50],
      latencies: [50],
      outcomes: ['failed'],
    });
  });
});
