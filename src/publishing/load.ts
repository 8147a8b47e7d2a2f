import { randomInt } from 'node:crypto';
import { messageOf, StoreError, TopshelfError } from '../domain/errors.ts';
import type { StoredPrediction } from '../domain/prediction.ts';
import type { Seal } from '../domain/seal.ts';
import { newVersion, tableName } from '../domain/version.ts';
import { predictionsKey } from './archive-keys.ts';
import { createContentHash } from './content-hash.ts';
import type { PublisherContext } from './context.ts';
import type { InputRequest } from './input/input-request.ts';
import { readInput, type Input } from './input/read-input.ts';
import { writeManifest, type Manifest } from './manifest.ts';
import type { OnProgress } from './progress.ts';
import { createSample, readBack } from './read-back.ts';
import { retried } from './retry.ts';
import { DEFAULT_WRITING, writePredictions } from './write-predictions.ts';

export interface LoadRequest {
  readonly placement: string;
  readonly paths: readonly string[];
  /** Most products kept of each user; more than an answer shows, so that exclusions still leave enough. */
  readonly keep?: number;
  /** How the files are to be understood. */
  readonly input?: InputRequest;
  readonly writing?: { readonly concurrency: number; readonly stallMs: number };
}

/** A version whose table is complete and sealed. */
export interface Loaded {
  readonly version: string;
  readonly table: string;
  readonly seal: Seal;
  readonly manifest: Manifest;
}

export const DEFAULT_KEEP = 20;
type Loader = Pick<
  PublisherContext,
  'tables' | 'archive' | 'openRemoteFiles' | 'tablePrefix' | 'memoryLimitBytes' | 'tempDir' | 'actor' | 'now'
>;

/**
 * Reads the input to its end, and only then makes a new table, fills it, proves its content, and seals it last.
 * Throws BadInputError before there is a table; after that, whatever fails leaves a table without a seal, which
 * nothing ever activates, and the error says so.
 */
export async function load(
  context: Loader,
  request: LoadRequest,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Loaded> {
  const startedAt = context.now();
  const input = await readInput(request.paths, {
    ...request.input,
    keep: request.keep ?? DEFAULT_KEEP,
    memoryLimitBytes: context.memoryLimitBytes,
    tempDir: context.tempDir,
    signal,
    openRemoteFiles: context.openRemoteFiles,
    onFetch: (path, bytes) => onProgress({ kind: 'fetching', path, bytes }),
    onFile: (path) => onProgress({ kind: 'reading', path }),
  });
  try {
    onProgress({ kind: 'read', rows: input.rows, users: input.users, duplicates: input.duplicates });
    const { rejected, rejectsPath } = input;
    if (rejectsPath !== null) onProgress({ kind: 'rejected', rows: rejected, path: rejectsPath });
    const version = newVersion(context.now(), randomInt(2 ** 24));
    const table = tableName(context.tablePrefix, request.placement, version);
    await context.tables.create(table, signal);
    onProgress({ kind: 'table-created', table });
    try {
      return await fill(context, request, input, { version, table, startedAt }, onProgress, signal);
    } catch (error) {
      throw abandoned(table, error);
    }
  } finally {
    await input.close();
  }
}

async function fill(
  context: Loader,
  { placement, keep = DEFAULT_KEEP, writing = DEFAULT_WRITING }: LoadRequest,
  input: Input,
  { version, table, startedAt }: { version: string; table: string; startedAt: number },
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Loaded> {
  const inputAt = context.now();
  const { users, contentHash, generatedAt, popular } = input;
  const sample = createSample(users);
  const hash = createContentHash();
  const passing = async function* (): AsyncGenerator<StoredPrediction> {
    for await (const prediction of input.predictions()) {
      hash.add(prediction);
      sample.look(prediction);
      yield prediction;
    }
  };
  const onWritten = (written: number) => onProgress({ kind: 'written', users: written, of: users });
  const written = await writePredictions(context.tables, table, passing(), { ...writing, onWritten, signal });
  const writtenAt = context.now();
  if (written !== users || hash.digest() !== contentHash) {
    throw new StoreError(`${written} users were written to ${table}, not the ${users} that were read`);
  }
  await readBack(context.tables, table, sample.picked, signal);
  onProgress({ kind: 'read-back', users: sample.picked.length });

  const manifest: Manifest = {
    schemaVersion: 1,
    placement,
    version,
    table,
    createdAt: new Date(context.now()).toISOString(),
    createdBy: context.actor,
    generatedAt,
    generatedAtFrom: input.generatedAtFrom,
    files: input.files.map(({ path, bytes, sha256, compression }) => ({ path, bytes, sha256, compression })),
    rows: input.rows,
    rejected: input.rejected,
    rejectedSamples: input.rejectedSamples,
    duplicates: input.duplicates,
    kept: input.kept,
    keepPerUser: keep,
    users,
    contentHash,
    timingsMs: {
      input: inputAt - startedAt,
      write: writtenAt - inputAt,
      readBack: context.now() - writtenAt,
    },
    readBack: { users: sample.picked.length, equal: true },
  };
  await context.archive.putFileOnce(predictionsKey(placement, version), input.parquetPath);
  await writeManifest(context.archive, manifest);
  const seal: Seal = { schemaVersion: 1, placement, version, users, contentHash, generatedAt, popular };
  await retried(() => context.tables.seal(table, seal, signal), signal);
  onProgress({ kind: 'sealed', version, table });
  return { version, table, seal, manifest };
}

function abandoned(table: string, error: unknown): Error {
  const message = `${messageOf(error)}. Table ${table} stays without a seal: it is never activated, and may be deleted.`;
  return error instanceof TopshelfError
    ? new TopshelfError(error.code, message, { cause: error })
    : new Error(message, { cause: error });
}
