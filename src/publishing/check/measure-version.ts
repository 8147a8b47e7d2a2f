import type { DuckDBConnection } from '@duckdb/node-api';
import { FIRST_PLACES, type VersionMeasures } from '../../gate/measurements.ts';
import { sqlText } from '../sql-text.ts';
import { selectNumbers } from './sql.ts';

/** A version's predictions.parquet, and what its tables in the workbench are called. */
export interface PredictionsFile {
  readonly name: 'candidate' | 'live';
  readonly path: string;
}

/** Rows that medians and deciles are taken from, about: exact below, three digits above, and never more memory. */
const SAMPLE_ROWS = 1_000_000;
/** Users whose lists are grouped at once: all of two million at once took 70 MB, and more of more. */
const LISTS_AT_ONCE = 500_000;

/**
 * Measures one version by itself, its users range by range, and leaves a table for comparing it: `<name>_sample`, the
 * scores of some users. Ids are grouped by 64-bit hashes: that any two of ten million are equal has a chance of one in
 * 370,000, and would move no share by more than a millionth. Rejects as DuckDB does, and where there are no rows.
 */
export async function measureVersion(
  connection: DuckDBConnection,
  { name, path }: PredictionsFile,
  ranges: readonly string[],
): Promise<VersionMeasures> {
  const file = `read_parquet(${sqlText(path)})`;
  const { rows } = await selectNumbers(connection, { rows: 'count(*)' }, `FROM ${file}`);
  if (rows === 0) throw new Error('it has no rows');
  const users = `${name}_users`;
  await connection.run(
    `CREATE TEMP TABLE ${users} (list UBIGINT, isShort BOOLEAN, isFlat BOOLEAN, invalid INTEGER)`,
  );
  for (const range of ranges) {
    // The list's hash is hashed place by place: that of two values at once adds up to the same in any order.
    await connection.run(
      `INSERT INTO ${users} SELECT
         bit_xor(hash(xor(hash(productId), hash(position)))) FILTER (position <= ${FIRST_PLACES}),
         count(*) FILTER (position <= ${FIRST_PLACES}) < ${FIRST_PLACES},
         count(*) > 1 AND min(score) = max(score),
         count(*) FILTER (score IS NULL OR NOT isfinite(score))
       FROM ${file} WHERE ${range} GROUP BY hash(userId)`,
    );
  }
  const lists = await selectNumbers(
    connection,
    {
      users: 'count(*)',
      invalidScores: 'sum(invalid)',
      shortShare: 'count(*) FILTER (isShort) / count(*)',
      flatShare: 'count(*) FILTER (isFlat) / count(*)',
    },
    `FROM ${users}`,
  );
  const sameList = await sameListShare(connection, users, lists.users);
  await connection.run(`DROP TABLE ${users}`);
  return {
    rows,
    ...lists,
    ...(await measureScores(connection, name, file, rows)),
    ...(await measureProducts(connection, file)),
    sameListShare: sameList,
  };
}

async function measureScores(
  connection: DuckDBConnection,
  name: PredictionsFile['name'],
  file: string,
  rows: number,
) {
  // Whole users, chosen by hash: the same in every run, and the same users of both versions.
  const everyNth = Math.max(1, Math.ceil(rows / SAMPLE_ROWS));
  await connection.run(
    `CREATE TEMP TABLE ${name}_sample AS
     SELECT score FROM ${file} WHERE isfinite(score) AND hash(userId) % ${everyNth} = 0`,
  );
  return selectNumbers(
    connection,
    { medianScore: 'coalesce(quantile_disc(abs(score), 0.5), 0)', distinctScores: 'count(DISTINCT score)' },
    `FROM ${name}_sample`,
  );
}

/** The Gini coefficient of n counts in rising order is 2 Σ i·x_i / (n Σ x_i) − (n + 1) / n; 0 where all are equal. */
async function measureProducts(connection: DuckDBConnection, file: string) {
  return selectNumbers(
    connection,
    {
      products: 'count(*)',
      topProductShare: 'max(c) / sum(c)',
      gini: '2 * sum(i * c) / (count(*) * sum(c)) - (count(*) + 1) / count(*)',
    },
    `FROM (
       SELECT c::DOUBLE AS c, row_number() OVER (ORDER BY c) AS i FROM (
         SELECT count(*) AS c FROM ${file} WHERE position <= ${FIRST_PLACES} GROUP BY productId
       )
     )`,
  );
}

async function sameListShare(connection: DuckDBConnection, table: string, users: number): Promise<number> {
  const parts = Math.ceil(users / LISTS_AT_ONCE);
  let mostUsers = 0;
  for (let part = 0; part < parts; part++) {
    const { most } = await selectNumbers(
      connection,
      { most: 'coalesce(max(c), 0)' },
      `FROM (SELECT count(*) AS c FROM ${table} WHERE list % ${parts} = ${part} GROUP BY list)`,
    );
    mostUsers = Math.max(mostUsers, most);
  }
  return users === 1 ? 0 : (mostUsers - 1) / (users - 1);
}
