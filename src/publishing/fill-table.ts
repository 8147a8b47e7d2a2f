import { StoreError } from '../domain/errors.ts';
import type { StoredPrediction } from '../domain/prediction.ts';
import type { PredictionTables } from '../store/prediction-tables.ts';
import { createContentHash } from './content-hash.ts';
import type { Input } from './input/read-input.ts';
import type { OnProgress } from './progress.ts';
import { createSample } from './read-back.ts';
import { retried } from './retry.ts';
import type { Run } from './runs.ts';
import { DEFAULT_WRITING, writePredictions } from './write-predictions.ts';

export interface Writing {
  readonly concurrency: number;
  readonly stallMs: number;
  /** Time between two notes of how far it has come: what a resumed run writes again. */
  readonly checkpointMs?: number;
}

const DEFAULT_CHECKPOINT_MS = 1_000;

/** The part of the input that is written. */
export type Batch = Pick<Input, 'users' | 'contentHash' | 'predictions'>;

/** Hands on what is written of a batch, and looks at all of it: its hash must be the input's, and a sample is kept. */
export function watchBatch(input: Batch) {
  const { users, contentHash } = input;
  const sample = createSample(users);
  const hash = createContentHash();
  return {
    sample: sample.picked,
    /** The predictions behind the first `skip` ones. */
    async *from(skip: number): AsyncGenerator<StoredPrediction> {
      let seen = 0;
      for await (const prediction of input.predictions()) {
        hash.add(prediction);
        sample.look(prediction);
        seen += 1;
        if (seen > skip) yield prediction;
      }
    },
    /** Throws StoreError unless `written` is all of the batch, and what passed by was the batch. */
    assertWhole(written: number, table: string): void {
      if (written === users && hash.digest() === contentHash) return;
      throw new StoreError(`${written} users were written to ${table}, not the ${users} that were read`);
    },
  };
}

/**
 * Writes the batch into the run's table and resolves with the sample to be read back. It notes in the table how far it
 * has come: a resumed run goes on from there, and pruning sees that the table is being filled. Two processes of one run
 * write the same bytes.
 */
export async function fillTable(
  tables: PredictionTables,
  run: Run,
  input: Batch,
  { checkpointMs = DEFAULT_CHECKPOINT_MS, ...writing }: Writing = DEFAULT_WRITING,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<readonly StoredPrediction[]> {
  const { runId, table } = run;
  const { users, contentHash } = input;
  const already = run.isResumed ? await writtenAlready(tables, table, contentHash, signal) : 0;
  if (run.isResumed) onProgress({ kind: 'resumed', table, users: already });
  const note = (written: number) =>
    retried(() => tables.writeProgress(table, { contentHash, users: written }, signal), signal);

  let noted = Promise.resolve();
  let next = performance.now() + checkpointMs;
  const onThrough = (predictions: number) => {
    if (performance.now() < next) return;
    // The next note waits for this one, so that an older never replaces a newer.
    next = Infinity;
    noted = note(already + predictions).then(
      () => void (next = performance.now() + checkpointMs),
      // Without it a resumed run only writes more again; a table that is gone fails the writes themselves.
      () => void (next = performance.now() + checkpointMs),
    );
  };
  const batch = watchBatch(input);
  const written = await writePredictions(tables, table, batch.from(already), {
    ...writing,
    onWritten: (predictions) => onProgress({ kind: 'written', users: already + predictions, of: users }),
    onThrough,
    signal,
  });
  await noted;
  batch.assertWhole(already + written, table);
  if (runId !== undefined) await note(users);
  return batch.sample;
}

async function writtenAlready(
  tables: PredictionTables,
  table: string,
  contentHash: string,
  signal: AbortSignal,
): Promise<number> {
  const progress = await retried(() => tables.readProgress(table, signal), signal);
  return progress?.contentHash === contentHash ? progress.users : 0;
}
