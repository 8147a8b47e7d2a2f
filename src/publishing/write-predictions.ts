import { StoreThrottledError } from '../domain/errors.ts';
import type { StoredPrediction } from '../domain/prediction.ts';
import { MAX_ITEMS_PER_WRITE, type PredictionTables } from '../store/prediction-tables.ts';
import { backOff, MAX_ATTEMPTS, mayPass } from './retry.ts';

export interface WriteOptions {
  /** Batches under way at once. */
  readonly concurrency: number;
  /** Longest time in which the store may take nothing at all, in milliseconds. */
  readonly stallMs: number;
  /** Called with the number of predictions that the store has acknowledged so far. */
  readonly onWritten: (predictions: number) => void;
  readonly signal: AbortSignal;
}

export const DEFAULT_WRITING = { concurrency: 8, stallMs: 120_000 } as const;

/**
 * Writes every prediction and resolves with their number once the store has acknowledged each of them. What the store
 * leaves unprocessed is written again, with pauses that grow, for as long as anything at all gets through. Rejects
 * with StoreThrottledError after `stallMs` without, and as the store does when it fails for good.
 */
export async function writePredictions(
  tables: Pick<PredictionTables, 'write'>,
  table: string,
  predictions: AsyncIterable<StoredPrediction>,
  { concurrency, stallMs, onWritten, signal }: WriteOptions,
): Promise<number> {
  const batches = batchesOf(predictions);
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
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
      stop.throwIfAborted();
      try {
        const before = left.length;
        left = await tables.write(table, left, stop);
        failures = 0;
        acknowledge(before - left.length);
        if (left.length < before) attempt = 0;
      } catch (error) {
        stop.throwIfAborted();
        if (!mayPass(error)) throw error;
        // Throttling ends by itself; other failures seldom do.
        if (!(error instanceof StoreThrottledError) && ++failures >= MAX_ATTEMPTS) throw error;
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

  async function work(): Promise<void> {
    try {
      // Workers share one iterator, so predictions leave it in order whatever order they arrive in.
      for (let next = await batches.next(); !next.done; next = await batches.next())
        await writeBatch(next.value);
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  }

  try {
    await Promise.all(Array.from({ length: concurrency }, work));
  } finally {
    await batches.return(undefined);
  }
  return written;
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
