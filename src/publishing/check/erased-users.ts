import type { DuckDBConnection } from '@duckdb/node-api';
import { sqlText } from '../sql-text.ts';
import { selectNumbers } from './sql.ts';

/** What an archived file says under this name: how many users erasures took out of it. A file without it is whole. */
const KEY = 'topshelf.erasedUsers';

/** How many users erasures took out of an archived file of predictions since it was loaded. */
export async function erasedUsersIn(connection: DuckDBConnection, path: string): Promise<number> {
  const { erased } = await selectNumbers(
    connection,
    { erased: 'coalesce(max(decode(value)::INTEGER), 0)' },
    `FROM parquet_kv_metadata(${sqlText(path)}) WHERE decode(key) = ${sqlText(KEY)}`,
  );
  return erased;
}

/**
 * Copies a file of predictions without one user. Every other row stays as it is, in its order: the file is read as one
 * that is sorted by user. The count goes into the file itself and not into a record beside it: the two are replaced at
 * once, so that an erasure which is interrupted leaves no file that nobody can account for.
 */
export async function copyWithout(
  connection: DuckDBConnection,
  userId: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const erased = (await erasedUsersIn(connection, from)) + 1;
  await connection.run(
    `COPY (SELECT * FROM read_parquet(${sqlText(from)}) WHERE userId <> ${sqlText(userId)})
     TO ${sqlText(to)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {${sqlText(KEY)}: ${sqlText(String(erased))}})`,
  );
}
