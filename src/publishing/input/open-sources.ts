import { symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { csvRecords, fieldText } from './csv-records.ts';
import { readCsvColumns } from './csv-header.ts';
import { formatOf } from './format.ts';
import { readHead, type InputFile } from './input-file.ts';
import type { InputRequest } from './input-request.ts';
import type { TextSource } from './text-source.ts';
import { readJsonColumns } from './json-rows.ts';
import { normalize } from './normalize.ts';
import { openParquet, type ParquetSource } from './parquet-source.ts';
import { PERSONALIZE_COLUMNS } from './personalize-rows.ts';
import type { Rejects } from './rejects.ts';
import { csvSource, type RowSource } from './row-source.ts';

/** A file that is ready to be read by DuckDB. */
export interface Source {
  readonly file: InputFile;
  readonly rows: RowSource;
  /** How large its rows are as text, about. */
  readonly contentBytes: number;
  /** User ids of rows from all over it. */
  readonly samples: readonly string[];
  /** How its bad rows are found: in CSV and Parquet afterwards; those of a normalized file are known already. */
  readonly kind: 'csv' | 'parquet' | 'normalized';
  readonly text?: TextSource;
  readonly parquet?: ParquetSource;
}

export interface Opening {
  readonly request: InputRequest;
  readonly connection: DuckDBConnection;
  readonly folder: string;
  readonly rejects: Rejects;
  /** Milliseconds since the epoch, when the load began. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/** What a Parquet row takes as text, about, in bytes. */
const PARQUET_ROW_BYTES = 40;

/** Finds out what a file is, and how its rows are read. Throws BadInputError where it cannot be a batch. */
export async function openSource(file: InputFile, index: number, opening: Opening): Promise<Source> {
  const { request, connection, folder, now } = opening;
  const head = await readHead(file);
  const format = request.format ?? formatOf(file, head);
  const plainPath = join(folder, `input-${index}`);
  if (format === 'parquet') {
    await symlink(resolve(file.contentPath), plainPath);
    const parquet = await openParquet(connection, file, plainPath, request, now);
    const contentBytes = parquet.rows * PARQUET_ROW_BYTES;
    const { rows: _rows, samples, ...rows } = parquet;
    return { file, rows, contentBytes, samples, kind: 'parquet', parquet };
  }
  const text = await openText(file, head, format, opening);
  if (format !== 'csv' || !file.isUtf8) return normalizeSource({ file, text }, index, opening);
  await symlink(resolve(file.contentPath), plainPath);
  return {
    file,
    rows: csvSource(file.path, plainPath, text.columns, {
      hasHeader: text.hasHeader,
      isPrintable: file.isPrintable,
      now,
    }),
    contentBytes: file.contentBytes,
    samples: await sampleUsers(file, text.columns.entity),
    kind: 'csv',
    text,
  };
}

async function openText(
  file: InputFile,
  head: Buffer,
  format: TextSource['format'],
  { request, now }: Pick<Opening, 'request' | 'now'>,
): Promise<TextSource> {
  switch (format) {
    case 'csv': {
      const hasHeader = request.columns === undefined;
      return { format, file, columns: await readCsvColumns(file, head, request), hasHeader, names: [], now };
    }
    case 'json':
      return { format, file, hasHeader: false, now, ...(await readJsonColumns(file, request)) };
    case 'personalize':
      return { format, file, columns: PERSONALIZE_COLUMNS, hasHeader: false, names: [], now };
  }
}

/** A file's good rows in another file of the one form that DuckDB surely reads; its bad ones go to the rejects. */
export async function normalizeSource(
  { file, text }: { readonly file: InputFile; readonly text: TextSource },
  index: number,
  { folder, rejects, now, signal }: Opening,
): Promise<Source> {
  const path = join(folder, `normalized-${index}`);
  const { columns, bytes, samples } = await normalize(text, path, rejects, signal);
  const rows = csvSource(file.path, path, columns, { hasHeader: false, isPrintable: false, now });
  return { file, rows, contentBytes: bytes, samples, kind: 'normalized' };
}

async function sampleUsers({ sampleLines }: InputFile, entity: number): Promise<string[]> {
  const lines = async function* () {
    for (const line of sampleLines) yield Buffer.from(`${line}\n`, 'latin1');
  };
  const users: string[] = [];
  for await (const { fields } of csvRecords(lines())) users.push(fieldText(fields[entity] ?? '') ?? '');
  return users;
}
