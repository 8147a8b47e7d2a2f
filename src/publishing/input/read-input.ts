import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BadInputError } from '../../domain/errors.ts';
import type { RankedPair, StoredPrediction } from '../../domain/prediction.ts';
import { checkRows, ROWS_FOLDER } from './check-rows.ts';
import { clearRejects } from './clear-rejects.ts';
import { machineFault, openWorkbench, type Workbench } from './duckdb.ts';
import { findFiles } from './find-files.ts';
import { assertUnchanged, inspectFile, type FoundFile, type InputFile } from './input-file.ts';
import { DEFAULT_MAX_REJECTS, type InputRequest } from './input-request.ts';
import { keptPredictions, popularOf, writeParquet } from './kept-predictions.ts';
import { openSource, type Opening, type Source } from './open-sources.ts';
import { rankBuckets } from './rank-buckets.ts';
import { assertFewRejects, createRejects, type RejectedRow } from './rejects.ts';
import type { RemoteFiles } from './remote-files.ts';
import { MAX_AHEAD_MS } from './row-rules.ts';
import type { Scan } from './scan.ts';

export interface InputOptions extends InputRequest {
  /** Most products kept of each user. */
  readonly keep: number;
  /** How much memory reading may take, in bytes, about; a whole load takes up to 400 MB more. */
  readonly memoryLimitBytes: number;
  /** Where it spills. */
  readonly tempDir: string;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch; no row may say that it was made long after it. This machine's clock unless given. */
  readonly now?: number;
  /** Opens what `s3://` inputs come from. */
  readonly openRemoteFiles?: (() => Promise<RemoteFiles>) | undefined;
  /** Called before each file is read. */
  readonly onFile?: (path: string) => void;
  /** Called before a file is fetched from an object store, with its size in bytes. */
  readonly onFetch?: (url: string, bytes: number) => void;
}

/** A batch that has been read, checked row by row, and ordered: nothing in it is refused any more. */
export interface Input {
  readonly files: readonly Pick<InputFile, 'path' | 'bytes' | 'sha256' | 'compression'>[];
  /** Good rows, rows that repeated a user's product, and rows kept. */
  readonly rows: number;
  readonly duplicates: number;
  readonly kept: number;
  readonly users: number;
  /** Bad rows, the first of them, and the file with all of them; null where there are none. */
  readonly rejected: number;
  readonly rejectedSamples: readonly RejectedRow[];
  readonly rejectsPath: string | null;
  readonly contentHash: string;
  /** ISO 8601: the latest timestamp in the rows, or the newest file's time where the rows have none. */
  readonly generatedAt: string;
  readonly generatedAtFrom: 'rows' | 'file';
  /** Users in byte order of their ids; may be read more than once. */
  predictions(): AsyncIterable<StoredPrediction>;
  /** Writes the kept rows for the archive, the first time it is called; beside whatever else is done with the batch. */
  toParquet(): Promise<KeptRows>;
  close(): Promise<void>;
}

export interface KeptRows {
  /** The kept rows: userId, productId, score, position. Gone after `close`. */
  readonly parquetPath: string;
  readonly popular: readonly RankedPair[];
}

/** Files that are hashed and unpacked at once; Node does that on four threads of its own. */
const INSPECTED_AT_ONCE = 4;

/**
 * Reads a batch within the memory limit, whatever its size. Bad rows are left out and written to a file, as long as
 * their share is small. Throws UsageError for a file of bad rows that must not be replaced, BadInputError, naming file and
 * record, for what must not be published, and UnreachableError where a file or the disk cannot be used.
 */
export async function readInput(paths: readonly string[], options: InputOptions): Promise<Input> {
  if (paths.length === 0) throw new BadInputError('no input file was given');
  const workbench = await openWorkbench(options);
  try {
    const { openRemoteFiles, onFetch = () => undefined, signal } = options;
    const found = await findFiles(paths, { folder: workbench.folder, openRemoteFiles, onFetch, signal });
    if (options.rejectsPath !== undefined) await clearRejects(options.rejectsPath, found);
    const files = await inspectAll(found, workbench.folder, options);
    return await readFiles(files, workbench, options);
  } catch (error) {
    await workbench.close();
    options.signal.throwIfAborted();
    throw error;
  }
}

async function readFiles(
  files: readonly InputFile[],
  workbench: Workbench,
  options: InputOptions,
): Promise<Input> {
  const writer = await workbench.connect();
  const { folder } = workbench;
  const rejects = createRejects(
    options.rejectsPath ?? join(options.tempDir, `topshelf-rejects-${randomUUID()}.jsonl`),
  );
  const { signal, now = Date.now() } = options;
  const opening: Opening = { request: options, connection: writer, folder, rejects, now, signal };
  const scan = await scanFiles(files, opening, options.memoryLimitBytes);
  await assertUnchanged(files);
  for (const { contentPath, compression } of files) if (compression === 'gzip') await rm(contentPath);
  assertFewRejects(rejects, scan.rows + rejects.count, options.maxRejects ?? DEFAULT_MAX_REJECTS);
  if (scan.rows === 0) {
    throw new BadInputError(`no rows in ${files.map(({ path }) => path).join(', ')}: there is only a header`);
  }
  const generated = whenGenerated(files, scan);
  const { keptPaths, ...totals } = await rankBuckets(workbench, scan, options);
  await rm(join(folder, ROWS_FOLDER), { recursive: true });
  let parquet: Promise<KeptRows> | undefined;
  return {
    ...totals,
    files: files.map(({ path, bytes, sha256, compression }) => ({ path, bytes, sha256, compression })),
    rejected: rejects.count,
    rejectedSamples: rejects.samples,
    rejectsPath: rejects.count > 0 ? rejects.path : null,
    ...generated,
    predictions: () => keptPredictions(keptPaths),
    toParquet: () => (parquet ??= writeKeptRows(workbench, keptPaths, totals.users)),
    close: async () => {
      workbench.interrupt();
      await parquet?.catch(() => undefined);
      await workbench.close();
    },
  };
}

/** Throws BadInputError where a file's time would count and is still to come: no alert would see the batch grow old. */
function whenGenerated(
  files: readonly InputFile[],
  { latest }: Scan,
): Pick<Input, 'generatedAt' | 'generatedAtFrom'> {
  if (latest > 0) return { generatedAt: new Date(latest).toISOString(), generatedAtFrom: 'rows' };
  const newest = files.reduce((a, b) => (b.modifiedAt > a.modifiedAt ? b : a));
  const generatedAt = new Date(newest.modifiedAt).toISOString();
  // Whatever clock the rows are held to: a file's time is this machine's, or that of one that writes for it.
  const now = Date.now();
  if (newest.modifiedAt > now + MAX_AHEAD_MS) {
    throw new BadInputError(
      `${newest.path} was changed at ${generatedAt}, which is more than a day ahead of the clock, which says ` +
        `${new Date(now).toISOString()}; as no row has a timestamp, that would count as when the predictions were made. ` +
        `Correct the file's time (touch it, or copy it anew) or this machine's clock, or give the rows timestamps`,
    );
  }
  return { generatedAt, generatedAtFrom: 'file' };
}

async function scanFiles(
  files: readonly InputFile[],
  opening: Opening,
  memoryLimitBytes: number,
): Promise<Scan> {
  try {
    const sources: Source[] = [];
    for (const [index, file] of files.entries()) sources.push(await openSource(file, index, opening));
    return await checkRows(sources, opening, memoryLimitBytes);
  } catch (error) {
    await opening.rejects.discard();
    throw error;
  }
}

async function writeKeptRows(
  workbench: Workbench,
  keptPaths: readonly string[],
  users: number,
): Promise<KeptRows> {
  const parquetPath = join(workbench.folder, 'predictions.parquet');
  try {
    const connection = await workbench.connect();
    await writeParquet(connection, keptPaths, parquetPath);
    return { parquetPath, popular: await popularOf(connection, parquetPath, users) };
  } catch (error) {
    throw machineFault(error) ?? error;
  }
}

async function inspectAll(
  found: readonly FoundFile[],
  folder: string,
  { signal, onFile }: InputOptions,
): Promise<InputFile[]> {
  const files: InputFile[] = [];
  const waiting = found.entries();
  const inspect = async () => {
    for (const [index, file] of waiting) {
      onFile?.(file.path);
      files[index] = await inspectFile(file, join(folder, `unpacked-${index}`), signal);
    }
  };
  await Promise.all(Array.from({ length: INSPECTED_AT_ONCE }, inspect));
  return files;
}
