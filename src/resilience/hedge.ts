import type { RollingQuantile } from './rolling-quantile.ts';

/** How one hedged call ended, for whoever counts it. */
export type HedgeOutcome = 'won' | 'lost' | 'failed';

export interface HedgedCall<T> {
  /** Does the work; leaves its caller as soon as `signal` aborts. */
  readonly attempt: (signal: AbortSignal) => Promise<T>;
  /** Latencies of such calls, which this one is added to. */
  readonly latency: RollingQuantile;
  /** The call is given up after this. */
  readonly timeoutMs: number;
  /** Whether a second attempt may start now; one that may will. */
  readonly mayHedge: () => boolean;
  /** A second attempt was made, and this came of it. */
  readonly onHedged: (outcome: HedgeOutcome) => void;
}

// A second attempt that starts sooner than this races what is only slow by chance.
const LEAST_DELAY_MS = 8;
// Where too little is known of latency lately, a call is slow when it has used this share of its time.
const UNKNOWN_SHARE = 0.5;

/**
 * Runs an attempt, and a second one beside it once the first takes longer than its kind mostly does; settles as the
 * first that succeeds, or with the first attempt's failure. At the timeout both are told to leave.
 *
 *     0 ms            delay                      timeout
 *     first ──────────────┬─────────── slow ─────────┤
 *                      second ──── answer            │
 */
export function callHedged<T>({
  attempt,
  latency,
  timeoutMs,
  mayHedge,
  onHedged,
}: HedgedCall<T>): Promise<T> {
  // Whole milliseconds: Node keeps a list of timers for each length.
  const delayMs = Math.max(LEAST_DELAY_MS, Math.ceil(latency.value() ?? timeoutMs * UNKNOWN_SHARE));
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const first = new AbortController();
    let second: AbortController | undefined;
    let pending = 1;
    let failure: Error | undefined;

    const expire = () => {
      first.abort();
      second?.abort();
    };
    const hedge = () => {
      timer = setTimeout(expire, timeoutMs - delayMs);
      if (!mayHedge()) return;
      second = new AbortController();
      pending += 1;
      run(second);
    };
    let timer = delayMs < timeoutMs ? setTimeout(hedge, delayMs) : setTimeout(expire, timeoutMs);

    function succeed(value: T, by: AbortController): void {
      clearTimeout(timer);
      // Of the first attempt, whichever ended the call: a winning second one must not hide how slow the first was.
      latency.add(performance.now() - startedAt);
      pending -= 1;
      if (second !== undefined) onHedged(by === second ? 'won' : 'lost');
      if (pending > 0) (by === first ? second : first)?.abort();
      pending = 0;
      resolve(value);
    }

    function fail(error: Error, by: AbortController): void {
      pending -= 1;
      if (failure === undefined || by === first) failure = error;
      if (pending > 0) return;
      clearTimeout(timer);
      if (by.signal.aborted) latency.add(timeoutMs);
      if (second !== undefined) onHedged('failed');
      reject(failure);
    }

    function run(by: AbortController): void {
      attempt(by.signal).then(
        (value) => {
          if (pending > 0) succeed(value, by);
        },
        (error: Error) => {
          if (pending > 0) fail(error, by);
        },
      );
    }
    run(first);
  });
}
