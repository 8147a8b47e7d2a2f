import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BadInputError, messageOf, TopshelfError } from '../../domain/errors.ts';
import { bucketBounds } from './buckets.ts';
import { machineFault } from './duckdb.ts';
import { assertUnchanged } from './input-file.ts';
import { inputRows } from './input-rows.ts';
import { normalizeSource, type Opening, type Source } from './open-sources.ts';
import { rejectParquetRows } from './parquet-source.ts';
import { rowShape } from './row-source.ts';
import { scanRows, type Scan } from './scan.ts';

/** The folder, below the workbench's, in which the checked rows lie. */
export const ROWS_FOLDER = 'rows';

/**
 * Reads all rows and checks each. DuckDB does it fast and says only how many are bad, or that a file cannot be read on;
 * then the files are read again in TypeScript, record by record, and each bad one goes to the rejects with its reason.
 * Throws BadInputError where a file cannot be read for another reason than single bad records.
 */
export async function checkRows(
  sources: readonly Source[],
  opening: Opening,
  memoryLimitBytes: number,
): Promise<Scan> {
  let readable = sources;
  let scan: Scan;
  try {
    scan = await scanSources(readable, opening, memoryLimitBytes);
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    readable = await withoutBrokenRecords(sources, opening, error);
    scan = await scanSources(readable, opening, memoryLimitBytes);
  }
  if (scan.bad > 0) await rejectBadRows(readable, opening, scan.bad);
  await opening.rejects.finish();
  return scan;
}

/** DuckDB cannot read a file. */
class UnreadableError extends BadInputError {}

async function scanSources(
  sources: readonly Source[],
  { connection, folder }: Opening,
  memoryLimitBytes: number,
): Promise<Scan> {
  const rows = sources.map((source) => source.rows);
  const contentBytes = sources.reduce((sum, source) => sum + source.contentBytes, 0);
  const bounds = bucketBounds(
    sources.flatMap(({ samples }) => samples),
    contentBytes,
    memoryLimitBytes,
  );
  const into = join(folder, ROWS_FOLDER);
  try {
    return await scanRows(connection, rows, rowShape(rows), bounds, into);
  } catch (error) {
    if (error instanceof TopshelfError) throw error;
    await rm(into, { recursive: true, force: true });
    throw machineFault(error) ?? unreadable(rows, error);
  }
}

function unreadable(rows: readonly Source['rows'][], error: unknown): UnreadableError {
  const [first = '', ...others] = messageOf(error).split('\n');
  const named = rows.find(({ plainPath }) => others.concat(first).join('\n').includes(`${plainPath}`));
  const paths = (named === undefined ? rows : [named]).map(({ path }) => path).join(', ');
  const reason = named === undefined ? first : first.replaceAll(named.plainPath, named.path);
  return new UnreadableError(`${paths} cannot be read: ${reason}`, { cause: error });
}

/** The sources, with those in which some records cannot be read replaced by their other records. */
async function withoutBrokenRecords(
  sources: readonly Source[],
  opening: Opening,
  failure: UnreadableError,
): Promise<Source[]> {
  let mended = 0;
  const readable: Source[] = [];
  for (const [index, source] of sources.entries()) {
    const { text } = source;
    if (source.kind !== 'csv' || text === undefined) {
      readable.push(source);
      continue;
    }
    const before = opening.rejects.count;
    const normalized = await normalizeSource({ file: source.file, text }, index, opening);
    const isBroken = opening.rejects.count > before;
    if (isBroken) mended += 1;
    else await rm(normalized.rows.plainPath);
    readable.push(isBroken ? normalized : source);
  }
  if (mended === 0) throw failure;
  return readable;
}

async function rejectBadRows(sources: readonly Source[], opening: Opening, bad: number): Promise<void> {
  const { rejects, signal } = opening;
  const before = rejects.count;
  for (const { kind, file, text, parquet } of sources) {
    if (kind === 'parquet' && parquet !== undefined) {
      await rejectParquetRows(parquet, file, opening);
    }
    if (kind !== 'csv' || text === undefined) continue;
    for await (const { record, line, fault, text: recordText } of inputRows(text)) {
      if (fault === undefined) continue;
      await rejects.add({ file: file.path, record, line, reason: fault, text: recordText() });
      signal.throwIfAborted();
    }
  }
  const found = rejects.count - before;
  if (found === bad) return;
  await assertUnchanged(sources.map(({ file }) => file));
  throw new RulesDifferError(bad, found);
}

/**
 * Each rule is written in SQL and in TypeScript, and they differ on some row: not one to go on with, and nothing that the
 * data could do about.
 */
export class RulesDifferError extends Error {
  override readonly name = 'RulesDifferError';
  constructor(bySql: number, byTypeScript: number) {
    super(
      'this is a defect of topshelf, not of the data: two forms of the same rules differ. ' +
        `In SQL ${bySql} rows are bad, in TypeScript ${byTypeScript}. ` +
        'Please report these numbers, with the smallest part of the input that brings this about',
    );
  }
}
