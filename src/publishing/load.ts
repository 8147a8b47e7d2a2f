import { messageOf, TopshelfError, UnreachableError } from '../domain/errors.ts';
import type { StoredPrediction } from '../domain/prediction.ts';
import type { Seal } from '../domain/seal.ts';
import type { TableOptions } from '../store/prediction-tables.ts';
import { predictionsKey } from './archive-keys.ts';
import type { PublisherContext } from './context.ts';
import { fillTable, type Writing } from './fill-table.ts';
import type { ImportParts } from './import-table/import-parts.ts';
import { importTable } from './import-table/import-table.ts';
import type { InputRequest } from './input/input-request.ts';
import { readInput, type Input, type InputOptions } from './input/read-input.ts';
import { readManifest, writeManifest, type Manifest } from './manifest.ts';
import type { OnProgress } from './progress.ts';
import { readBack } from './read-back.ts';
import { retried } from './retry.ts';
import { assertNotRetired, findTable, makeTable } from './run-table.ts';
import { assertRunId, openRun, type Run } from './runs.ts';

export interface LoadRequest {
  readonly placement: string;
  readonly paths: readonly string[];
  /** Most products kept of each user; more than an answer shows, so that exclusions still leave enough. */
  readonly keep?: number;
  /** How the files are to be understood. */
  readonly input?: InputRequest;
  /** Names the run, so that another process can go on with it: the same name is the same version. */
  readonly runId?: string | undefined;
  readonly tableOptions?: TableOptions;
  readonly writing?: Writing;
  /** Has the store import the table from S3 instead of writing it item by item. */
  readonly importParts?: ImportParts;
}

/** A load of which the batch has been read. */
export type BatchRequest = Omit<LoadRequest, 'paths'>;

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
  | 'pointers'
  | 'tables'
  | 'archive'
  | 'openRemoteFiles'
  | 'tablePrefix'
  | 'memoryLimitBytes'
  | 'tempDir'
  | 'actor'
  | 'now'
>;

/**
 * Reads the input to its end, and only then makes a new table, fills it, proves its content, and seals it last.
 * Throws BadInputError before there is a table; after that, whatever fails leaves a table without a seal, which
 * nothing ever activates, and the error says so. A run that was named goes on where it was left, and is a success
 * without any change where its table is sealed.
 * @param admit called with the hash of the content that was read, before anything is kept or made: throws to refuse it
 */
export async function load(
  context: Loader,
  request: LoadRequest,
  onProgress: OnProgress,
  signal: AbortSignal,
  admit: (contentHash: string) => Promise<void> = async () => undefined,
): Promise<Loaded> {
  const startedAt = context.now();
  const { runId, keep = DEFAULT_KEEP } = request;
  if (runId !== undefined) assertRunId(runId);
  const input = await readInput(
    request.paths,
    inputOptions(context, { ...request, keep }, onProgress, signal),
  );
  try {
    return await loadInput(context, request, { input, startedAt }, onProgress, signal, admit);
  } finally {
    await input.close();
  }
}

/** What `load` does with a batch that has been read, which stays open. `startedAt`: when its reading began. */
export async function loadInput(
  context: Loader,
  request: BatchRequest,
  { input, startedAt }: { readonly input: Input; readonly startedAt: number },
  onProgress: OnProgress,
  signal: AbortSignal,
  admit: (contentHash: string) => Promise<void> = async () => undefined,
): Promise<Loaded> {
  const { placement, runId, keep = DEFAULT_KEEP, tableOptions = {} } = request;
  onProgress({ kind: 'read', rows: input.rows, users: input.users, duplicates: input.duplicates });
  const { rejected, rejectsPath } = input;
  if (rejectsPath !== null) onProgress({ kind: 'rejected', rows: rejected, path: rejectsPath });
  await admit(input.contentHash);
  const options = { keep, ...understoodAs(request), ...tableOptions, ...engineOf(request) };
  const run = await openRun(context, { placement, runId, options }, input, signal);
  const { version, table } = run;
  if (run.isResumed) await assertNotRetired(context, placement, run, signal);
  const manifest = run.isResumed ? await readManifest(context.archive, placement, version, signal) : null;
  const found = run.isResumed ? await findTable(context.tables, run, manifest, signal) : null;
  if (found?.kind === 'sealed') {
    onProgress({ kind: 'loaded-already', version, table });
    return { version, table, seal: found.seal, manifest: manifest ?? lost(run) };
  }
  const inputAt = context.now();
  // Beside the writing, which waits for the table most of the time.
  input.toParquet().catch(() => undefined);
  // An import makes its table itself.
  if (found?.kind !== 'unsealed' && request.importParts === undefined) {
    await makeTable(context.tables, run, ownTags(request, run), signal);
    onProgress({ kind: 'table-created', table });
  }
  try {
    const sample = await fill(context, request, run, input, onProgress, signal);
    const times = { startedAt, inputAt, writtenAt: context.now() };
    return await finish(context, request, input, run, { sample, times }, onProgress, signal);
  } catch (error) {
    throw abandoned(run, error);
  }
}

/** Fills the table, by the engine that was asked for; resolves with the sample to be read back. */
async function fill(
  context: Loader,
  request: BatchRequest,
  run: Run,
  input: Input,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<readonly StoredPrediction[]> {
  const { tables, archive } = context;
  const { placement, importParts: parts, writing } = request;
  if (parts !== undefined) {
    const options = ownTags(request, run);
    return importTable({ tables, archive, parts, placement, run }, input, options, onProgress, signal);
  }
  return fillTable(tables, run, input, writing, onProgress, signal);
}

function engineOf({ importParts }: BatchRequest) {
  return importParts === undefined
    ? { engine: 'batch-write' as const }
    : { engine: 'import-table' as const, importBucket: `${importParts.bucket}/${importParts.prefix}` };
}

/** What decides how the same files are understood: another answer would be another run. */
function understoodAs({ input: { format, columns, map, maxRejects } = {} }: BatchRequest) {
  return {
    ...(format === undefined ? {} : { format }),
    ...(columns === undefined ? {} : { columns }),
    ...(map === undefined ? {} : { map }),
    ...(maxRejects === undefined ? {} : { maxRejects }),
  };
}

/** How the input of a request is read. */
export function inputOptions(
  {
    memoryLimitBytes,
    tempDir,
    openRemoteFiles,
    now,
  }: Pick<PublisherContext, 'memoryLimitBytes' | 'tempDir' | 'openRemoteFiles' | 'now'>,
  { keep, input }: BatchRequest & { readonly keep: number },
  onProgress: OnProgress,
  signal: AbortSignal,
): InputOptions {
  return {
    ...input,
    ...{ keep, memoryLimitBytes, tempDir, signal, openRemoteFiles, now: now() },
    onFetch: (path, bytes) => onProgress({ kind: 'fetching', path, bytes }),
    onFile: (path) => onProgress({ kind: 'reading', path }),
  };
}

/** Reads the sample back, leaves the proof in the archive, and seals. */
async function finish(
  context: Loader,
  request: BatchRequest,
  input: Input,
  { runId, version, table, generatedAt }: Run,
  { sample, times }: { sample: readonly StoredPrediction[]; times: Times },
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Loaded> {
  const { placement, keep = DEFAULT_KEEP } = request;
  const { users, contentHash } = input;
  await readBack(context.tables, table, sample, signal);
  onProgress({ kind: 'read-back', users: sample.length });

  const manifest: Manifest = {
    schemaVersion: 1,
    placement,
    version,
    table,
    createdAt: new Date(context.now()).toISOString(),
    createdBy: context.actor,
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
    users,
    contentHash,
    timingsMs: {
      input: times.inputAt - times.startedAt,
      write: times.writtenAt - times.inputAt,
      readBack: context.now() - times.writtenAt,
    },
    readBack: { users: sample.length, equal: true },
  };
  const { parquetPath, popular } = await input.toParquet();
  await context.archive.putFileOnce(predictionsKey(placement, version), parquetPath, signal);
  const proof = await writeManifest(context.archive, manifest, signal);
  const seal: Seal = { schemaVersion: 1, placement, version, users, contentHash, generatedAt, popular };
  await retried(() => context.tables.seal(table, seal, signal), signal);
  onProgress({ kind: 'sealed', version, table });
  return { version, table, seal, manifest: proof };
}

/** The options of the table, with tags that say what it is where there are any: tagging needs a permission of its own. */
function ownTags({ placement, tableOptions = {} }: BatchRequest, { version }: Run): TableOptions {
  const { tags } = tableOptions;
  if (tags === undefined) return tableOptions;
  return { ...tableOptions, tags: { 'topshelf:placement': placement, 'topshelf:version': version, ...tags } };
}

/** When a load began, had read its input, and had written it, in milliseconds since the epoch. */
interface Times {
  readonly startedAt: number;
  readonly inputAt: number;
  readonly writtenAt: number;
}

function lost({ version, table }: Run): never {
  throw new UnreachableError(
    `version ${version} is loaded (table ${table}), but its manifest cannot be read from the archive`,
  );
}

function abandoned({ runId, table }: Run, error: unknown): Error {
  const next =
    runId === undefined
      ? 'and may be deleted'
      : 'and the same command with the same run id goes on from there';
  const message = `${messageOf(error)}. Table ${table} stays without a seal: it is never activated, ${next}.`;
  if (!(error instanceof TopshelfError)) return new Error(message, { cause: error });
  // The same error, so that it stays of its class, with whatever that carries.
  error.message = message;
  return error;
}
