import { StoreThrottledError, StoreTimeoutError, TableMissingError } from '../domain/errors.ts';
import { createBreaker, BreakerOpenError, type Breaker } from '../resilience/breaker.ts';
import type { ConcurrencyLimit } from '../resilience/concurrency-limit.ts';
import type { PredictionReader, UserRead } from '../store/prediction-reader.ts';
import type { Reason } from './answer.ts';
import type { ReadOutcome, ServingObserver } from './observer.ts';
import type { CachedPrediction } from './prediction-cache.ts';

/** Why a user could not be read. */
export type ReadFailure = Exclude<Reason, 'unknown-user'>;

/** What is known of a user after a look into memory or the table. */
export type Finding =
  | { readonly kind: 'fresh'; readonly prediction: CachedPrediction }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'failed'; readonly reason: ReadFailure };

export type Findings = ReadonlyMap<string, Finding>;

type Reads = ReadonlyMap<string, UserRead>;

export interface VersionReadsOptions {
  readonly placement: string;
  readonly table: string;
  readonly reader: PredictionReader;
  /** Shared by all versions of the process. */
  readonly limit: ConcurrencyLimit;
  readonly timeoutMs: number;
  readonly observer: ServingObserver;
}

/** Remembers what the table says of a user (the stored text, or undefined where it has none) and what that means. */
export type Keep = (userId: string, items: string | undefined) => Finding;

/** Part of the users were throttled: a failure to the breaker, an answer to the others. */
class PartlyThrottledError extends Error {
  readonly reads: Reads;
  constructor(reads: Reads) {
    super('the store left part of a read unprocessed');
    this.reads = reads;
  }
}

const OVERLOADED: Finding = { kind: 'failed', reason: 'overloaded' };
const THROTTLED: Finding = { kind: 'failed', reason: 'store-throttled' };
const NO_READ: Promise<Findings> = Promise.resolve(new Map());
const NOT_READ: Finding = { kind: 'failed', reason: 'store-error' };

/** Reads of one version's table, behind a breaker of its own; a user is read once however many wait for it. */
export class VersionReads {
  readonly #options: VersionReadsOptions;
  readonly #breaker: Breaker<[readonly string[]], Reads>;
  readonly #underWay = new Map<string, Promise<Findings>>();

  constructor(options: VersionReadsOptions) {
    this.#options = options;
    this.#breaker = createBreaker(
      (userIds) => this.#readTable(userIds),
      (state) => options.observer.breakerChanged(options.placement, state),
    );
  }

  get breakerState() {
    return this.#breaker.state();
  }

  /**
   * Resolves with a finding for each of `userIds` (all different): joins the reads that are under way for some of
   * them and reads the others in one request, whose results it hands to `keep`. Never rejects.
   */
  async find(userIds: readonly string[], keep: Keep): Promise<Finding[]> {
    const toRead = userIds.filter((userId) => !this.#underWay.has(userId));
    if (toRead.length > 0) this.#start(toRead, keep);
    const findings = await Promise.all(userIds.map((userId) => this.#underWay.get(userId) ?? NO_READ));
    return userIds.map((userId, index) => findings[index]?.get(userId) ?? NOT_READ);
  }

  close(): void {
    this.#breaker.close();
  }

  #start(userIds: readonly string[], keep: Keep): void {
    const work = this.#attempt(userIds, keep).then((findings) => {
      for (const userId of userIds) this.#underWay.delete(userId);
      return findings;
    });
    for (const userId of userIds) this.#underWay.set(userId, work);
  }

  async #attempt(userIds: readonly string[], keep: Keep): Promise<Findings> {
    const { limit } = this.#options;
    if (!limit.tryEnter()) return sameForAll(userIds, OVERLOADED);
    try {
      return keepAll(userIds, await this.#breaker.run(userIds), keep);
    } catch (error) {
      if (error instanceof PartlyThrottledError) return keepAll(userIds, error.reads, keep);
      return sameForAll(userIds, { kind: 'failed', reason: failureOf(error) });
    } finally {
      limit.leave();
    }
  }

  /** What the breaker guards: one request, its deadline and its measurement. */
  async #readTable(userIds: readonly string[]): Promise<Reads> {
    const { placement, table, reader, timeoutMs, observer } = this.#options;
    const start = performance.now();
    let outcome: ReadOutcome = 'ok';
    try {
      const reads = await reader.read(table, userIds, AbortSignal.timeout(timeoutMs));
      if (reads.values().some(({ kind }) => kind === 'throttled')) {
        outcome = 'partly-throttled';
        throw new PartlyThrottledError(reads);
      }
      return reads;
    } catch (error) {
      if (outcome === 'ok') outcome = outcomeOf(error);
      throw error;
    } finally {
      observer.tableRead(placement, outcome, userIds.length, (performance.now() - start) / 1000);
    }
  }
}

function keepAll(userIds: readonly string[], reads: Reads, keep: Keep): Findings {
  const toFinding = (userId: string): Finding => {
    const read = reads.get(userId);
    if (read === undefined) return NOT_READ;
    return read.kind === 'throttled'
      ? THROTTLED
      : keep(userId, read.kind === 'found' ? read.items : undefined);
  };
  return new Map(userIds.map((userId) => [userId, toFinding(userId)]));
}

function sameForAll(userIds: readonly string[], finding: Finding): Findings {
  return new Map(userIds.map((userId) => [userId, finding]));
}

function failureOf(error: unknown): ReadFailure {
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
