import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { BadInputError, messageOf, UnreachableError } from '../../domain/errors.ts';
import { shown } from '../../domain/ids.ts';
import { inspectFile } from '../input/input-file.ts';
import { statRegularFile } from '../input/regular-file.ts';
import { sqlName, sqlText } from '../sql-text.ts';
import { selectNumbers } from './sql.ts';

/** A file of the products that the shop has, and the column with their ids: the first one unless it is named. */
export interface CatalogueOptions {
  readonly catalogue: string;
  readonly catalogueColumn: string | undefined;
}

/** Which catalogue a check looked at, as its report tells. */
export interface CatalogueIdentity {
  readonly file: string;
  readonly sha256: string;
  readonly column: string | null;
}

/** The file's name and hash, without reading its rows. Throws BadInputError where it cannot be read. */
export async function identifyCatalogue(
  { catalogue, catalogueColumn }: CatalogueOptions,
  signal: AbortSignal,
): Promise<CatalogueIdentity> {
  const hash = createHash('sha256');
  try {
    await statRegularFile(catalogue);
    await pipeline(createReadStream(catalogue), hash, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new BadInputError(`the catalogue ${catalogue} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return { file: basename(catalogue), sha256: hash.digest('hex'), column: catalogueColumn ?? null };
}

/**
 * Reads product ids from a CSV file with a header (plain or gzip) into a table `catalogue`, each once. Throws
 * BadInputError where it is not such a file, lacks the column, or has no product.
 */
export async function readCatalogue(
  connection: DuckDBConnection,
  folder: string,
  { catalogue, catalogueColumn }: CatalogueOptions,
  signal: AbortSignal,
): Promise<void> {
  const refuse = (why: string, cause?: unknown) =>
    new BadInputError(`the catalogue ${catalogue} cannot be used: ${why}`, { cause });
  // A name that DuckDB cannot take for a pattern.
  const plainPath = join(folder, 'catalogue.csv');
  const refuseUnread = (error: unknown): never => {
    signal.throwIfAborted();
    if (error instanceof UnreachableError) throw error;
    throw refuse((messageOf(error).split('\n')[0] ?? '').replaceAll(plainPath, catalogue), error);
  };
  // Gzip by its content, and unpacked by zlib, as the input is: DuckDB takes much of what is truncated for whole.
  const file = { path: catalogue, localPath: resolve(catalogue) };
  const { compression } = await inspectFile(file, plainPath, signal).catch(refuseUnread);
  if (compression === 'none') await symlink(file.localPath, plainPath);
  const rows = `read_csv(${sqlText(plainPath)}, compression='none', header=true, all_varchar=true, delim=',', quote='"', escape='"')`;
  const columns = await connection
    .runAndReadAll(`SELECT * FROM ${rows} LIMIT 0`)
    .then((result) => result.columnNames(), refuseUnread);
  const column = columns.find((name) => catalogueColumn === undefined || name === catalogueColumn);
  if (column === undefined) {
    throw refuse(`it has no column ${shown(catalogueColumn)}; its columns are ${columns.join(', ')}`);
  }
  // Only a query that is under way can be interrupted.
  signal.throwIfAborted();
  const id = sqlName(column);
  await connection
    .run(
      `CREATE TEMP TABLE catalogue AS SELECT DISTINCT ${id} AS productId FROM ${rows} WHERE ${id} IS NOT NULL`,
    )
    .catch(refuseUnread);
  const { products } = await selectNumbers(connection, { products: 'count(*)' }, 'FROM catalogue');
  if (products === 0) throw refuse('it has no products');
}
