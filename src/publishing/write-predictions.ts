import { StoreThrottledError } from '../domain/errors.ts';
import type { StoredPrediction } from '../domain/prediction.ts';
import { createAdaptiveLimit } from '../resilience/adaptive-limit.ts';
import { MAX_ITEMS_PER_WRITE, type PredictionTables } from '../store/prediction-tables.ts';
import { backOff, MAX_ATTEMPTS, mayPass } from './retry.ts';

export interface WriteOptions {
  /** Batches under way at once, at most. */
  readonly concurrency: number;
  /** Longest time in which the store may take nothing at all, in milliseconds. */
  readonly stallMs: number;
  /** Called with the number of predictions that the store has acknowledged so far. */
  readonly onWritten: (predictions: number) => void;
  /** Called with the number of predictions, from the first one on without a gap, that the store has acknowledged. */
  readonly onThrough?: (predictions: number) => void;
  readonly signal: AbortSignal;
}

export const DEFAULT_WRITING = { concurrency: 24, stallMs: 120_000 } as const;

// A new on-demand table takes 4,000 units a second: four batches of 25 under way are that at 25 ms each.
const FIRST_CONCURRENCY = 4;
// Batches may be ahead of the oldest that is not yet taken by so many: what is remembered of them stays small.
const MAX_BATCHES_AHEAD = 4_096;

/**
 * Writes every prediction and resolves with their number once the store has acknowledged each of them. More batches
 * are under way while the store takes them all, half as many when it refuses something; what it leaves unprocessed is
 * written again, with pauses that grow, for as long as anything at all gets through. Rejects with StoreThrottledError
 * after `stallMs` without, and as the store does when it fails for good.
 */
export async function writePredictions(
  tables: Pick<PredictionTables, 'write'>,
  table: string,
  predictions: AsyncIterable<StoredPrediction>,
  { concurrency, stallMs, onWritten, onThrough, signal }: WriteOptions,
): Promise<number> {
  const limit = createAdaptiveLimit({ first: FIRST_CONCURRENCY, most: concurrency });
  const through = createThrough(onThrough);
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const underWay = new Set<Promise<void>>();
  let written = 0;
  let lastProgress = performance.now();

  const acknowledge = (count: number) => {
    if (count === 0) return;
    lastProgress = performance.now();
    written += count;
    onWritten(written);
  };

  async function writeBatch(batch: readonly StoredPrediction[]): Promise<void> {
    let left = batch;
    let failures = 0;
    for (let attempt = 0; ; attempt++) {
      const ticket = await limit.enter();
      try {
        stop.throwIfAborted();
        const before = left.length;
        left = await tables.write(table, left, stop);
        failures = 0;
        acknowledge(before - left.length);
        if (left.length < before) attempt = 0;
        if (left.length === 0) limit.succeeded();
        else limit.refused(ticket);
      } catch (error) {
        stop.throwIfAborted();
        if (!mayPass(error)) throw error;
        limit.refused(ticket);
        // Throttling ends by itself; other failures seldom do.
        if (!(error instanceof StoreThrottledError) && ++failures >= MAX_ATTEMPTS) throw error;
      } finally {
        limit.leave();
      }
      if (left.length === 0) return;
      if (performance.now() - lastProgress > stallMs) {
        throw new StoreThrottledError(
          `table ${table} has taken nothing for ${Math.round(stallMs / 1000)} s: ` +
            `${written} predictions are written, the rest are not`,
        );
      }
      await backOff(attempt, stop);
    }
  }

  const start = (batch: readonly StoredPrediction[]) => {
    const done = through.begin(batch.length);
    const work: Promise<void> = writeBatch(batch).then(
      () => {
        underWay.delete(work);
        done();
      },
      (error: unknown) => {
        underWay.delete(work);
        failed.abort(error);
      },
    );
    underWay.add(work);
  };

  try {
    for await (const batch of batchesOf(predictions)) {
      start(batch);
      // Twice the limit: those that pause before they try again do not keep the others from being written.
      while (underWay.size >= 2 * limit.current() || through.ahead() >= MAX_BATCHES_AHEAD) {
        await Promise.race(underWay);
      }
      if (stop.aborted) break;
    }
  } catch (error) {
    failed.abort(error);
  }
  await Promise.all(underWay);
  stop.throwIfAborted();
  return written;
}

/** Follows how many predictions are written without a gap, while their batches end in any order. */
function createThrough(onThrough: ((predictions: number) => void) | undefined) {
  const sizes = new Map<number, { readonly size: number; isDone: boolean }>();
  let begun = 0;
  let oldest = 0;
  let predictions = 0;
  return {
    /** Batches that have begun since the oldest one that has not ended. */
    ahead: () => begun - oldest,
    begin(size: number): () => void {
      const batch = { size, isDone: false };
      sizes.set(begun++, batch);
      return () => {
        batch.isDone = true;
        const before = oldest;
        for (let next = sizes.get(oldest); next?.isDone === true; next = sizes.get(oldest)) {
          sizes.delete(oldest++);
          predictions += next.size;
        }
        if (oldest > before) onThrough?.(predictions);
      };
    },
  };
}

async function* batchesOf(predictions: AsyncIterable<StoredPrediction>): AsyncGenerator<StoredPrediction[]> {
  let batch: StoredPrediction[] = [];
  for await (const prediction of predictions) {
    batch.push(prediction);
    if (batch.length < MAX_ITEMS_PER_WRITE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
