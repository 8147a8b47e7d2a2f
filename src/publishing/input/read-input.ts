import { stat, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { BadInputError, messageOf, TopshelfError } from '../../domain/errors.ts';
import { encodeItems, type RankedPair, type StoredPrediction } from '../../domain/prediction.ts';
import { createContentHash } from '../content-hash.ts';
import { readColumns } from './columns.ts';
import { machineFault, openWorkbench, type Workbench } from './duckdb.ts';
import { inspectFile, type InputFile } from './input-file.ts';
import { collectKeptRows, popularOf, predictionsIn, writeParquet } from './kept-rows.ts';
import { locateBadRecord } from './locate.ts';
import { rankUser, type ScoredProduct } from './rank.ts';
import { rowShape, rowsQuery, type ReadableFile } from './rows-query.ts';

export interface InputOptions {
  /** Most products kept of each user. */
  readonly keep: number;
  /** Most memory that DuckDB may take, in bytes. */
  readonly memoryLimitBytes: number;
  /** Where it spills. */
  readonly tempDir: string;
  readonly signal: AbortSignal;
  /** Called before each file is read. */
  readonly onFile?: (path: string) => void;
}

/** A batch that has been read, checked row by row, and ordered: nothing in it is refused any more. */
export interface Input {
  readonly files: readonly Omit<InputFile, 'head' | 'isUtf8'>[];
  /** Rows read, rows that repeated a user's product, and rows kept. */
  readonly rows: number;
  readonly duplicates: number;
  readonly kept: number;
  readonly users: number;
  readonly contentHash: string;
  /** ISO 8601: the latest timestamp in the rows, or the newest file's time where the rows have none. */
  readonly generatedAt: string;
  readonly generatedAtFrom: 'rows' | 'file';
  readonly popular: readonly RankedPair[];
  /** The kept rows: userId, productId, score, position. Gone after `close`. */
  readonly parquetPath: string;
  /** Users in byte order of their ids; may be read more than once, one after the other. */
  predictions(): AsyncIterable<StoredPrediction>;
  close(): Promise<void>;
}

/**
 * Reads long CSV files (plain or gzip) within the memory limit, whatever their size. Throws BadInputError, naming file and
 * record, for anything that must not be published, and UnreachableError where a file or the disk cannot be used.
 */
export async function readInput(paths: readonly string[], options: InputOptions): Promise<Input> {
  if (paths.length === 0) throw new BadInputError('no input file was given');
  const inspected: Omit<ReadableFile, 'plainPath'>[] = [];
  for (const path of paths) {
    options.onFile?.(path);
    const file = await inspectFile(path, options.signal);
    inspected.push({ file, columns: await readColumns(file) });
  }
  if (inspected.some(({ file }) => !file.isUtf8)) throw await badRecord(inspected, 'it is not all UTF-8');
  const workbench = await openWorkbench(options);
  try {
    return await readRows(await withPlainPaths(inspected, workbench), workbench, options);
  } catch (error) {
    await workbench.close();
    options.signal.throwIfAborted();
    throw error instanceof BadRowError ? await badRecord(inspected, error.message) : error;
  }
}

async function readRows(
  files: readonly ReadableFile[],
  workbench: Workbench,
  options: InputOptions,
): Promise<Input> {
  const writer = await workbench.connect();
  const totals = await keepRows(await workbench.connect(), writer, files, options.keep).catch(
    (error: unknown) => {
      throw error instanceof TopshelfError
        ? error
        : (machineFault(error) ?? new BadRowError(messageOf(error)));
    },
  );
  if (totals.users === 0) {
    throw new BadInputError(
      `no rows in ${files.map(({ file }) => file.path).join(', ')}: there is only a header`,
    );
  }
  await assertUnchanged(files);
  const parquetPath = join(workbench.folder, 'predictions.parquet');
  await writeParquet(writer, parquetPath);
  const popular = await popularOf(writer, totals.users);
  await writer.run('DROP TABLE kept');
  const { latest, ...counts } = totals;
  return {
    ...counts,
    files: files.map(({ file: { head: _head, isUtf8: _isUtf8, ...facts } }) => facts),
    generatedAt: new Date(latest || Math.max(...files.map(({ file }) => file.modifiedAt))).toISOString(),
    generatedAtFrom: latest > 0 ? 'rows' : 'file',
    popular,
    parquetPath,
    predictions: () => predictionsIn(writer, parquetPath),
    close: () => workbench.close(),
  };
}

/** One pass over all rows, sorted by user: orders each user's, adds up the hash, and hands on what is kept. */
async function keepRows(
  reader: DuckDBConnection,
  writer: DuckDBConnection,
  files: readonly ReadableFile[],
  keep: number,
) {
  const shape = rowShape(files);
  const table = await collectKeptRows(writer);
  const hash = createContentHash();
  const totals = { rows: 0, duplicates: 0, kept: 0, users: 0, latest: 0 };
  let userId: string | undefined;
  let products: ScoredProduct[] = [];

  const finishUser = () => {
    if (userId === undefined) return;
    const { pairs, duplicates } = rankUser(products, keep);
    table.add(userId, pairs);
    hash.add({ userId, items: encodeItems(pairs) });
    totals.users += 1;
    totals.duplicates += duplicates;
    totals.kept += pairs.length;
    products = [];
  };

  const result = await reader.stream(rowsQuery(files, shape));
  for await (const chunk of result) {
    const columns = chunk.getColumns() as [string[], string[], number[], ...number[][]];
    const [users, productIds, scores] = columns;
    const ranks = shape.hasRank ? columns[3] : undefined;
    const times = shape.hasTimestamp ? columns.at(-1) : undefined;
    for (let row = 0; row < users.length; row++) {
      const user = users[row] ?? refuse();
      if (user !== userId) {
        finishUser();
        userId = user;
      }
      const rank = ranks === undefined ? 0 : (ranks[row] ?? refuse());
      products.push({ productId: productIds[row] ?? refuse(), score: scores[row] ?? refuse(), rank });
      if (times !== undefined) totals.latest = Math.max(totals.latest, Number(times[row] ?? refuse()));
    }
    totals.rows += users.length;
  }
  finishUser();
  table.finish();
  return { ...totals, contentHash: hash.digest() };
}

/** SQL or DuckDB's reader found a row that breaks a rule; which one is looked up afterwards. */
class BadRowError extends Error {}

function refuse(): never {
  throw new BadRowError('a row breaks a rule');
}

async function badRecord(
  files: readonly Omit<ReadableFile, 'plainPath'>[],
  reason: string,
): Promise<BadInputError> {
  const paths = files.map(({ file }) => file.path).join(', ');
  return (
    (await locateBadRecord(files)) ?? new BadInputError(`${paths} cannot be read: ${reason.split('\n')[0]}`)
  );
}

async function withPlainPaths(files: readonly Omit<ReadableFile, 'plainPath'>[], { folder }: Workbench) {
  return Promise.all(
    files.map(async (entry, index) => {
      const plainPath = join(folder, `input-${index}`);
      await symlink(resolve(entry.file.path), plainPath);
      return { ...entry, plainPath };
    }),
  );
}

/** What was hashed and what was read must be the same file: an export may still be writing. */
async function assertUnchanged(files: readonly ReadableFile[]): Promise<void> {
  for (const { file } of files) {
    const { size, mtimeMs } = await stat(file.path);
    if (size !== file.bytes || mtimeMs !== file.modifiedAt) {
      throw new BadInputError(`${file.path} changed while it was read; try again when it is complete`);
    }
  }
}
