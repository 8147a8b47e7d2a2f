import type { DuckDBConnection } from '@duckdb/node-api';
import { FIRST_PLACES, type VersionMeasures } from '../../gate/measurements.ts';
import { quoted, selectNumbers } from './sql.ts';

/** A version's predictions.parquet, and what its tables in the workbench are called. */
export interface PredictionsFile {
  readonly name: 'candidate' | 'live';
  readonly path: string;
}

/** Rows that medians and deciles are taken from, about: exact below, three digits above, and never more memory. */
const SAMPLE_ROWS = 1_000_000;
export const PLACES = Array.from({ length: FIRST_PLACES }, (_, at) => at + 1);

/**
 * Measures one version by itself, and leaves two tables for comparing it: `<name>_lists` has a row for each user (`u`,
 * the number of first places `n`, and the products in them, `p1` to `p5`), `<name>_sample` the scores of some users.
 * Ids stand there as 64-bit hashes: that any two of ten million are equal has a chance of one in 370,000, and would
 * move no share by more than a millionth. Rejects as DuckDB does, and where there are no rows.
 */
export async function measureVersion(
  connection: DuckDBConnection,
  { name, path }: PredictionsFile,
): Promise<VersionMeasures> {
  const file = `read_parquet(${quoted(path)})`;
  const { rows } = await selectNumbers(connection, { rows: 'count(*)' }, `FROM ${file}`);
  if (rows === 0) throw new Error('it has no rows');
  const places = PLACES.map((at) => `max(hash(productId)) FILTER (position = ${at}) AS p${at}`);
  await connection.run(
    `CREATE TEMP TABLE ${name}_lists AS SELECT hash(userId) AS u, ${places.join(', ')},
       count(*) FILTER (position <= ${FIRST_PLACES})::TINYINT AS n,
       count(*) > 1 AND min(score) = max(score) AS flat,
       count(*) FILTER (score IS NULL OR NOT isfinite(score)) AS invalid
     FROM ${file} GROUP BY u`,
  );
  const lists = await selectNumbers(
    connection,
    {
      users: 'count(*)',
      invalidScores: 'sum(invalid)',
      shortShare: `count(*) FILTER (n < ${FIRST_PLACES}) / count(*)`,
      flatShare: 'count(*) FILTER (flat) / count(*)',
    },
    `FROM ${name}_lists`,
  );
  return {
    rows,
    ...lists,
    ...(await measureScores(connection, name, file, rows)),
    ...(await measureProducts(connection, file)),
    sameListShare: await sameListShare(connection, name),
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

async function sameListShare(connection: DuckDBConnection, name: PredictionsFile['name']): Promise<number> {
  const lists = `SELECT count(*) AS c FROM ${name}_lists GROUP BY ${PLACES.map((at) => `p${at}`).join(', ')}`;
  const { most, users } = await selectNumbers(
    connection,
    { most: 'max(c)', users: 'sum(c)' },
    `FROM (${lists})`,
  );
  return users === 1 ? 0 : (most - 1) / (users - 1);
}
