import { StoreError, StoreThrottledError, StoreTimeoutError } from '../domain/errors.ts';
import { pause } from '../resilience/deadline.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** Attempts at one operation of the store before a command gives up: about three seconds of pauses. */
export const MAX_ATTEMPTS = 6;

/** Whether the same operation may succeed later; publishing repeats only what changes nothing when done twice. */
export function mayPass(error: unknown): boolean {
  return (
    error instanceof StoreThrottledError || error instanceof StoreTimeoutError || error instanceof StoreError
  );
}

/** Resolves as `operation` does, repeating it while the store fails in a way that may pass. */
export async function retried<T>(operation: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await operation();
    } catch (error) {
      if (!mayPass(error) || attempt + 1 >= MAX_ATTEMPTS) throw error;
    }
    await backOff(attempt, signal);
  }
}

/** Waits longer with each attempt (from 0), with full jitter: workers throttled together do not come back together. */
export async function backOff(attempt: number, signal: AbortSignal): Promise<void> {
  const ms = Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
  // The pause alone would let the process end, and the wait is part of the work.
  const alive = setInterval(() => undefined, LONGEST_PAUSE_MS);
  await pause(ms, signal);
  clearInterval(alive);
}
