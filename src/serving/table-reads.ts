import {
  ConnectionLostError,
  StoreThrottledError,
  StoreTimeoutError,
  TableMissingError,
} from '../domain/errors.ts';
import { createBreaker, BreakerOpenError, type Breaker } from '../resilience/breaker.ts';
import type { Budget } from '../resilience/budget.ts';
import type { ConcurrencyLimit } from '../resilience/concurrency-limit.ts';
import { callHedged } from '../resilience/hedge.ts';
import { createRollingQuantile } from '../resilience/rolling-quantile.ts';
import type { PredictionReader, UserRead } from '../store/prediction-reader.ts';
import type { Reason } from './answer.ts';
import type { ReadOutcome, ServingObserver } from './observer.ts';

type Reads = ReadonlyMap<string, UserRead>;

export interface TableReadsOptions {
  readonly placement: string;
  readonly table: string;
  readonly reader: PredictionReader;
  /** Shared by all versions of the process. */
  readonly limit: ConcurrencyLimit;
  /** For hedges and retries, in users; shared by all versions of the process. */
  readonly budget: Budget;
  /** What a read may take at most. */
  readonly timeoutMs: number;
  readonly observer: ServingObserver;
}

/** The store left all of a read unprocessed: a failure to the breaker, no answer to anybody. */
class NoneProcessedError extends Error {
  readonly reads: Reads;
  constructor(reads: Reads) {
    super('the store left all of a read unprocessed');
    this.reads = reads;
  }
}

const QUANTILE = { quantile: 0.95, maxAgeMs: 60_000 };
// A store that throttles is not asked twice for this long.
const CALM_MS = 5_000;
// A table that served anybody so lately is at its limit, and not down, when it throttles others.
const SERVES_MS = 1_000;

/** Reads of one table behind a breaker of its own, hedged, and made anew where a connection was dead. */
export class TableReads {
  readonly #options: TableReadsOptions;
  readonly #breaker: Breaker<[readonly string[], number], Reads | StoreThrottledError>;
  readonly #single = createRollingQuantile(QUANTILE);
  readonly #batched = createRollingQuantile(QUANTILE);
  #throttledAt = -Infinity;
  #servedAt = -Infinity;

  constructor(options: TableReadsOptions) {
    this.#options = options;
    this.#breaker = createBreaker(
      (userIds, timeoutMs) => this.#guarded(userIds, timeoutMs),
      (state) => options.observer.breakerChanged(options.placement, state),
    );
  }

  get breakerState() {
    return this.#breaker.state();
  }

  /**
   * Resolves with what the table says of these users, so many of whom are asked for again. Rejects as the reader does, or
   * with BreakerOpenError.
   */
  async read(userIds: readonly string[], timeoutMs: number, again: number): Promise<Reads> {
    // What was asked for already earns nothing: retries would pay for retries.
    this.#options.budget.earn(userIds.length - again);
    try {
      const reads = await this.#breaker.run(userIds, timeoutMs);
      if (reads instanceof StoreThrottledError) throw reads;
      return reads;
    } catch (error) {
      if (error instanceof NoneProcessedError) return error.reads;
      throw error;
    }
  }

  /** Whether so many users may be read once more. */
  payForRetry(users: number): boolean {
    return this.#pay('retry', users);
  }

  close(): void {
    this.#breaker.close();
  }

  /**
   * What the breaker guards. Throttling opens it only where nobody is served at all: beyond what a table can give, an open
   * breaker would take away from what it does give.
   */
  async #guarded(userIds: readonly string[], timeoutMs: number): Promise<Reads | StoreThrottledError> {
    try {
      const reads = await this.#readWithin(userIds, timeoutMs);
      if (!reads.values().every(isThrottled)) this.#servedAt = performance.now();
      else if (!this.#isServing()) throw new NoneProcessedError(reads);
      return reads;
    } catch (error) {
      if (error instanceof StoreThrottledError && this.#isServing()) return error;
      throw error;
    }
  }

  #isServing(): boolean {
    return performance.now() - this.#servedAt < SERVES_MS;
  }

  /** A connection that turns out to be dead is no fault of the table: asked anew, once. */
  async #readWithin(userIds: readonly string[], timeoutMs: number): Promise<Reads> {
    const startedAt = performance.now();
    return this.#hedged(userIds, timeoutMs).catch((error: unknown) => {
      const timeLeft = timeoutMs - (performance.now() - startedAt);
      const isWorthIt = error instanceof ConnectionLostError && timeLeft > 0;
      if (!isWorthIt || !this.payForRetry(userIds.length)) throw error;
      return this.#hedged(userIds, timeLeft);
    });
  }

  #hedged(userIds: readonly string[], timeoutMs: number): Promise<Reads> {
    const { placement, limit, observer } = this.#options;
    return callHedged({
      attempt: (signal) => this.#ask(userIds, signal),
      latency: userIds.length === 1 ? this.#single : this.#batched,
      timeoutMs,
      mayHedge: () => this.#isCalm() && limit.tryEnter() && this.#payOrLeave(userIds.length),
      onHedged: (outcome) => {
        limit.leave();
        observer.hedged(placement, outcome, userIds.length);
      },
    });
  }

  /** One request and its measurement. */
  async #ask(userIds: readonly string[], signal: AbortSignal): Promise<Reads> {
    const { placement, table, reader, observer } = this.#options;
    const start = performance.now();
    let outcome: ReadOutcome = 'ok';
    try {
      const reads = await reader.read(table, userIds, signal);
      if (reads.values().some(isThrottled)) outcome = 'partly-throttled';
      return reads;
    } catch (error) {
      outcome = outcomeOf(error);
      throw error;
    } finally {
      if (outcome === 'throttled' || outcome === 'partly-throttled') this.#throttledAt = performance.now();
      observer.tableRead(placement, outcome, userIds.length, (performance.now() - start) / 1000);
    }
  }

  #isCalm(): boolean {
    return this.#breaker.state() === 'closed' && performance.now() - this.#throttledAt >= CALM_MS;
  }

  #payOrLeave(users: number): boolean {
    const isPaid = this.#pay('hedge', users);
    if (!isPaid) this.#options.limit.leave();
    return isPaid;
  }

  #pay(what: 'hedge' | 'retry', users: number): boolean {
    const { placement, budget, observer } = this.#options;
    const isPaid = budget.spend(users);
    if (!isPaid) observer.budgetDenied(placement, what);
    else if (what === 'retry') observer.retried(placement, users);
    return isPaid;
  }
}

function isThrottled({ kind }: UserRead): boolean {
  return kind === 'throttled';
}

/** How the answer to a user tells of a read that failed. */
export function failureOf(error: unknown): Exclude<Reason, 'unknown-user'> {
  if (error instanceof BreakerOpenError) return 'breaker-open';
  if (error instanceof StoreTimeoutError) return 'store-timeout';
  if (error instanceof StoreThrottledError) return 'store-throttled';
  return 'store-error';
}

function outcomeOf(error: unknown): ReadOutcome {
  if (error instanceof StoreTimeoutError) return 'timeout';
  if (error instanceof StoreThrottledError) return 'throttled';
  if (error instanceof TableMissingError) return 'table-missing';
  return 'error';
}
