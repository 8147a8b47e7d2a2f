import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHint, pause, untilAborted, within } from '../../src/resilience/deadline.ts';

const late = () => new Error('too late');
const never = () => new Promise<never>(() => undefined);

/** Fails the test for a rejection that nobody handles while `work` runs and for a turn of the event loop after it. */
async function withoutUnhandledRejection(work: () => Promise<void>): Promise<void> {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  try {
    await work();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('unhandledRejection', onUnhandled);
  }
  expect(unhandled).toEqual([]);
}

describe('work that is waited for until a signal aborts', () => {
  it('gives its value, or its error', async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(Promise.resolve(7), signal, late)).toBe(7);
    await expect(untilAborted(Promise.reject(new Error('broken')), signal, late)).rejects.toThrow('broken');
  });

  it('frees its caller the moment the signal aborts, though it goes on', async () => {
    const deadline = new AbortController();
    const waiting = untilAborted(never(), deadline.signal, late);
    deadline.abort();
    await expect(waiting).rejects.toThrow('too late');
  });

  it('frees its caller at once where the signal has aborted already', async () => {
    await expect(untilAborted(never(), AbortSignal.abort(), late)).rejects.toThrow('too late');
  });

  it('may fail after its caller has left, without an unhandled rejection', async () => {
    await withoutUnhandledRejection(async () => {
      for (const isAbortedBefore of [true, false]) {
        const deadline = new AbortController();
        const work = Promise.withResolvers<number>();
        if (isAbortedBefore) deadline.abort();
        const waiting = untilAborted(work.promise, deadline.signal, late);
        deadline.abort();
        await expect(waiting).rejects.toThrow('too late');
        work.reject(new Error('much later'));
      }
    });
  });

  it('leaves no listener on the signal, however it ends', async () => {
    const { signal } = new AbortController();
    await untilAborted(Promise.resolve(7), signal, late);
    await untilAborted(Promise.reject(new Error('broken')), signal, late).catch(() => undefined);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('with a fake clock', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('work within its time gives its value or error, and leaves no timer', async () => {
    expect(await within(50, Promise.resolve('in time'), () => 'late')).toBe('in time');
    await expect(within(50, Promise.reject(new Error('broken')), () => 'late')).rejects.toThrow('broken');
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('work that takes longer is answered for at the end of its time, whatever it does later', async () => {
    const work = Promise.withResolvers<string>();
    const waiting = within(50, work.promise, () => 'late');
    await vi.advanceTimersByTimeAsync(49);
    expect(await Promise.race([waiting, Promise.resolve('not yet')])).toBe('not yet');
    await vi.advanceTimersByTimeAsync(1);
    expect(await waiting).toBe('late');
    work.reject(new Error('much later'));
    await vi.advanceTimersByTimeAsync(0);
  });

  it('a pause ends after its time, or when its signal aborts, and leaves neither timer nor listener', async () => {
    const stop = new AbortController();
    const whole = pause(50);
    await vi.advanceTimersByTimeAsync(50);
    await whole;
    const first = pause(50, stop.signal);
    await vi.advanceTimersByTimeAsync(50);
    await first;
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
    const second = pause(50_000, stop.signal);
    stop.abort();
    await second;
    await pause(50_000, stop.signal);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a hint ends the wait that is on', async () => {
    const hint = createHint();
    const waiting = hint.wait(50_000, new AbortController().signal);
    hint.give();
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a hint that comes between two waits ends the next one at once, and only that', async () => {
    const hint = createHint();
    const { signal } = new AbortController();
    hint.give();
    hint.give();
    await hint.wait(50_000, signal);
    let isOver = false;
    void hint.wait(1000, signal).then(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(999);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(isOver).toBe(true);
  });

  it('a wait for a hint ends when its signal aborts', async () => {
    const stop = new AbortController();
    const waiting = createHint().wait(50_000, stop.signal);
    stop.abort();
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
  });
});
