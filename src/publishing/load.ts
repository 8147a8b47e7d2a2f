import { UnreachableError } from '../domain/errors.ts';
import type { StoredPrediction } from '../domain/prediction.ts';
import type { PublisherContext } from './context.ts';
import { fillTable } from './fill-table.ts';
import { importTable } from './import-table/import-table.ts';
import { readInput, type Input } from './input/read-input.ts';
import { abandoned, interrupted } from './load-failure.ts';
import {
  DEFAULT_KEEP,
  inputOptions,
  ownTags,
  runOptions,
  type BatchRequest,
  type LoadRequest,
} from './load-request.ts';
import { readManifest } from './manifest.ts';
import type { OnProgress } from './progress.ts';
import { assertNotRetired, findTable, makeTable } from './run-table.ts';
import { assertRunId, openRun, type Run } from './runs.ts';
import { proveAndSeal, type Loaded } from './seal-load.ts';

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
  const { placement, runId } = request;
  onProgress({ kind: 'read', rows: input.rows, users: input.users, duplicates: input.duplicates });
  const { rejected, rejectsPath } = input;
  if (rejectsPath !== null) onProgress({ kind: 'rejected', rows: rejected, path: rejectsPath });
  await admit(input.contentHash);
  const run = await openRun(context, { placement, runId, options: runOptions(request) }, input, signal);
  try {
    return await loadRun(context, request, { input, startedAt }, run, onProgress, signal);
  } catch (error) {
    throw signal.aborted ? interrupted(run, error) : error;
  }
}

/** Goes on with a run from where it is, which is the beginning for a new one. */
async function loadRun(
  context: Loader,
  request: BatchRequest,
  { input, startedAt }: { readonly input: Input; readonly startedAt: number },
  run: Run,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Loaded> {
  const { placement } = request;
  const { version, table } = run;
  if (run.isResumed) await assertNotRetired(context, placement, run, signal);
  const manifest = run.isResumed ? await readManifest(context.archive, placement, version, signal) : null;
  const found = run.isResumed ? await findTable(context.tables, run, manifest, signal) : null;
  if (found?.kind === 'sealed') {
    onProgress({ kind: 'loaded-already', version, table });
    return { version, table, seal: found.seal, manifest: manifest ?? lost(run), isResumed: true };
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
    return await proveAndSeal(context, request, input, run, { sample, times }, onProgress, signal);
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

function lost({ version, table }: Run): never {
  throw new UnreachableError(
    `version ${version} is loaded (table ${table}), but its manifest cannot be read from the archive`,
  );
}
