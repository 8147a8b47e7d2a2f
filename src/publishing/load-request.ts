import type { TableOptions } from '../store/prediction-tables.ts';
import type { PublisherContext } from './context.ts';
import type { Writing } from './fill-table.ts';
import type { ImportParts } from './import-table/import-parts.ts';
import type { InputRequest } from './input/input-request.ts';
import type { InputOptions } from './input/read-input.ts';
import type { OnProgress } from './progress.ts';
import type { Run, RunOptions } from './runs.ts';

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

export const DEFAULT_KEEP = 20;

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

/** What makes a run what it is, beside its files: with anything else it would be another run. */
export function runOptions(request: BatchRequest): RunOptions {
  const { keep = DEFAULT_KEEP, tableOptions = {} } = request;
  return { keep, ...understoodAs(request), ...tableOptions, ...engineOf(request) };
}

/** How the items come into the table. */
export function engineOf({ importParts }: BatchRequest) {
  return importParts === undefined
    ? { engine: 'batch-write' as const }
    : { engine: 'import-table' as const, importBucket: `${importParts.bucket}/${importParts.prefix}` };
}

/** The options of the table, with tags that say what it is where there are any: tagging needs a permission of its own. */
export function ownTags({ placement, tableOptions = {} }: BatchRequest, { version }: Run): TableOptions {
  const { tags } = tableOptions;
  if (tags === undefined) return tableOptions;
  return { ...tableOptions, tags: { 'topshelf:placement': placement, 'topshelf:version': version, ...tags } };
}

/** What decides how the same files are understood. */
function understoodAs({ input: { format, columns, map, maxRejects } = {} }: BatchRequest) {
  return {
    ...(format === undefined ? {} : { format }),
    ...(columns === undefined ? {} : { columns }),
    ...(map === undefined ? {} : { map }),
    ...(maxRejects === undefined ? {} : { maxRejects }),
  };
}
