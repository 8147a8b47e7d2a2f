import type { StoredPrediction } from '../domain/prediction.ts';
import type { Seal } from '../domain/seal.ts';
import { predictionsKey } from './archive-keys.ts';
import type { PublisherContext } from './context.ts';
import type { Input } from './input/read-input.ts';
import { DEFAULT_KEEP, engineOf, type BatchRequest } from './load-request.ts';
import { writeManifest, type Manifest } from './manifest.ts';
import type { OnProgress } from './progress.ts';
import { readBack } from './read-back.ts';
import { retried } from './retry.ts';
import type { Run } from './runs.ts';

/** A version whose table is complete and sealed. */
export interface Loaded {
  readonly version: string;
  readonly table: string;
  readonly seal: Seal;
  readonly manifest: Manifest;
  /** Whether an earlier process began the run. */
  readonly isResumed: boolean;
}

type Prover = Pick<PublisherContext, 'tables' | 'archive' | 'actor' | 'now'>;

/** When a load began, had read its input, and had written it, in milliseconds since the epoch. */
interface Times {
  readonly startedAt: number;
  readonly inputAt: number;
  readonly writtenAt: number;
}

/** What the table was filled with, and when. */
export interface Filled {
  readonly sample: readonly StoredPrediction[];
  readonly times: Times;
}

/** Reads the sample back, leaves the proof in the archive, and seals. */
export async function proveAndSeal(
  context: Prover,
  request: BatchRequest,
  input: Input,
  run: Run,
  filled: Filled,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Loaded> {
  const { placement } = request;
  const { users, contentHash } = input;
  const { version, table, generatedAt, isResumed } = run;
  await readBack(context.tables, table, filled.sample, signal);
  onProgress({ kind: 'read-back', users: filled.sample.length });
  const manifest = manifestOf(context, request, input, run, filled);
  const { parquetPath, popular } = await input.toParquet();
  await context.archive.putFileOnce(predictionsKey(placement, version), parquetPath, signal);
  const proof = await writeManifest(context.archive, manifest, signal);
  const seal: Seal = { schemaVersion: 1, placement, version, users, contentHash, generatedAt, popular };
  await retried(() => context.tables.seal(table, seal, signal), signal);
  onProgress({ kind: 'sealed', version, table });
  return { version, table, seal, manifest: proof, isResumed };
}

/** What is known of a load whose sample has just been read back. */
function manifestOf(
  { actor, now }: Prover,
  request: BatchRequest,
  input: Input,
  { runId, version, table, generatedAt }: Run,
  { sample, times }: Filled,
): Manifest {
  const { placement, keep = DEFAULT_KEEP } = request;
  return {
    schemaVersion: 1,
    placement,
    version,
    table,
    createdAt: new Date(now()).toISOString(),
    createdBy: actor,
    ...(runId === undefined ? {} : { runId }),
    engine: engineOf(request).engine,
    generatedAt,
    generatedAtFrom: input.generatedAtFrom,
    files: input.files.map(({ path, bytes, sha256, compression }) => ({ path, bytes, sha256, compression })),
    rows: input.rows,
    rejected: input.rejected,
    rejectedSamples: input.rejectedSamples,
    duplicates: input.duplicates,
    kept: input.kept,
    keepPerUser: keep,
    users: input.users,
    contentHash: input.contentHash,
    timingsMs: {
      input: times.inputAt - times.startedAt,
      write: times.writtenAt - times.inputAt,
      readBack: now() - times.writtenAt,
    },
    readBack: { users: sample.length, equal: true },
  };
}
