import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BreakerOpenError, createBreaker, type BreakerState } from '../../src/resilience/breaker.ts';

// It probes after a second, give or take a tenth.
const PROBE_MS = 1100;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A breaker around work that fails while `isDown`, and waits where there is a `gate`. */
function createGuarded() {
  const work = { isDown: false, calls: 0, gate: undefined as Promise<void> | undefined };
  const changes: BreakerState[] = [];
  const breaker = createBreaker(
    async (value: number) => {
      work.calls += 1;
      const isDown = work.isDown;
      await work.gate;
      if (isDown) throw new Error('down');
      return value * 2;
    },
    (state) => changes.push(state),
  );
  return { work, changes, breaker };
}

type Guarded = ReturnType<typeof createGuarded>;

async function call({ work, breaker }: Guarded, failures: number, successes: number): Promise<void> {
  for (let index = 0; index < failures + successes; index += 1) {
    work.isDown = index < failures;
    await breaker.run(index).catch(() => undefined);
  }
}

async function openBreaker(): Promise<Guarded> {
  const guarded = createGuarded();
  await call(guarded, 20, 0);
  expect(guarded.breaker.state()).toBe('open');
  guarded.work.calls = 0;
  return guarded;
}

async function halfOpenBreaker(): Promise<Guarded> {
  const guarded = await openBreaker();
  await vi.advanceTimersByTimeAsync(PROBE_MS);
  expect(guarded.breaker.state()).toBe('half-open');
  return guarded;
}

describe('a closed breaker', () => {
  it('gives what the work gives: values and errors', async () => {
    const { work, breaker } = createGuarded();
    expect(await breaker.run(21)).toBe(42);
    work.isDown = true;
    await expect(breaker.run(21)).rejects.toThrow('down');
  });

  it('stays closed after one failure, and after nineteen', async () => {
    const guarded = createGuarded();
    await call(guarded, 1, 0);
    expect(guarded.breaker.state()).toBe('closed');
    await call(guarded, 18, 0);
    expect(guarded.breaker.state()).toBe('closed');
  });

  it('stays closed while half of the calls fail', async () => {
    const guarded = createGuarded();
    await call(guarded, 0, 10);
    await call(guarded, 10, 0);
    for (let index = 0; index < 10; index += 1) {
      await call(guarded, 0, 1);
      await call(guarded, 1, 0);
    }
    expect(guarded.breaker.state()).toBe('closed');
  });

  it('opens when over half of at least twenty calls have failed', async () => {
    const guarded = createGuarded();
    await call(guarded, 0, 10);
    await call(guarded, 10, 0);
    expect(guarded.breaker.state()).toBe('closed');
    await call(guarded, 1, 0);
    expect(guarded.breaker.state()).toBe('open');
    expect(guarded.changes).toEqual(['open']);
  });

  it('forgets failures after ten seconds', async () => {
    const guarded = createGuarded();
    await call(guarded, 19, 0);
    await vi.advanceTimersByTimeAsync(11_000);
    await call(guarded, 19, 0);
    expect(guarded.breaker.state()).toBe('closed');
  });
});

describe('an open breaker', () => {
  it('refuses at once and asks nothing', async () => {
    const { work, breaker } = await openBreaker();
    await expect(breaker.run(1)).rejects.toThrow(BreakerOpenError);
    expect(work.calls).toBe(0);
  });

  it('waits for about a second before it probes', async () => {
    const { work, breaker } = await openBreaker();
    await vi.advanceTimersByTimeAsync(890);
    await expect(breaker.run(1)).rejects.toThrow(BreakerOpenError);
    expect(work.calls).toBe(0);
  });
});

describe('a half-open breaker', () => {
  it('lets exactly one probe through, and refuses the others until it ends', async () => {
    const { work, breaker } = await halfOpenBreaker();
    work.isDown = false;
    const gate = Promise.withResolvers<void>();
    work.gate = gate.promise;
    const probe = breaker.run(21);
    for (let index = 0; index < 5; index += 1) await expect(breaker.run(1)).rejects.toThrow(BreakerOpenError);
    expect(work.calls).toBe(1);
    gate.resolve();
    expect(await probe).toBe(42);
  });

  it('closes when the probe succeeds', async () => {
    const guarded = await halfOpenBreaker();
    await call(guarded, 0, 1);
    expect(guarded.breaker.state()).toBe('closed');
    expect(guarded.changes).toEqual(['open', 'half-open', 'closed']);
    await call(guarded, 0, 5);
    expect(guarded.work.calls).toBe(6);
  });

  it('opens again when the probe fails, and probes again a second later', async () => {
    const guarded = await halfOpenBreaker();
    await call(guarded, 1, 0);
    expect(guarded.breaker.state()).toBe('open');
    await expect(guarded.breaker.run(1)).rejects.toThrow(BreakerOpenError);
    expect(guarded.work.calls).toBe(1);
    await vi.advanceTimersByTimeAsync(PROBE_MS);
    expect(guarded.breaker.state()).toBe('half-open');
    expect(guarded.changes).toEqual(['open', 'half-open', 'open', 'half-open']);
  });
});

describe('a breaker that is put away', () => {
  it('keeps no timer, and changes no more', async () => {
    const guarded = await openBreaker();
    guarded.breaker.close();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(guarded.changes).toEqual(['open']);
  });

  it('may be put away while closed, and twice', () => {
    const { breaker } = createGuarded();
    breaker.close();
    breaker.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
