import type { DuckDBConnection } from '@duckdb/node-api';
import { FIRST_PLACES, type Comparison } from '../../gate/measurements.ts';
import { overlapWeights } from '../../gate/rank-biased-overlap.ts';
import type { PredictionsFile } from './measure-version.ts';
import { sqlText } from '../sql-text.ts';
import { selectNumbers } from './sql.ts';

/** What the predictions of both say; the seals and manifests know the rest of `Comparison`. */
export type RowComparison = Omit<Comparison, 'sameContent' | 'olderSeconds'>;

const PLACES = Array.from({ length: FIRST_PLACES }, (_, at) => at + 1);
const DECILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/**
 * Compares two versions that `measureVersion` has measured on this connection, range by range. A list shorter than the
 * other counts as one with empty places. Where no user is common nothing stays, and everything has changed.
 */
export async function compareVersions(
  connection: DuckDBConnection,
  candidate: PredictionsFile,
  live: PredictionsFile & { readonly users: number },
  ranges: readonly string[],
): Promise<RowComparison> {
  const sums = { commonUsers: 0, overlap: 0, rankBiasedOverlap: 0, allChanged: 0 };
  for (const range of ranges) {
    const part = await compareLists(connection, candidate, live, range);
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += part[name];
  }
  const { commonUsers } = sums;
  return {
    commonUsers,
    lostShare: 1 - commonUsers / live.users,
    overlap: commonUsers === 0 ? 0 : sums.overlap / commonUsers,
    rankBiasedOverlap: commonUsers === 0 ? 0 : sums.rankBiasedOverlap / commonUsers,
    allChangedShare: commonUsers === 0 ? 1 : sums.allChanged / commonUsers,
    scoreBins: await scoreBins(connection, candidate, live),
  };
}

/**
 * Sums over the common users of a range. Each has one row with the number `m1` to `m5` of products that both first
 * fives have, by the deeper of the product's two places; everything follows from these by plain arithmetic.
 */
async function compareLists(
  connection: DuckDBConnection,
  candidate: PredictionsFile,
  live: PredictionsFile,
  range: string,
) {
  const pairs = PLACES.flatMap((i) => PLACES.map((j) => ({ i, j, deeper: Math.max(i, j) })));
  const matches = PLACES.map((deeper) => {
    const equal = pairs.filter((pair) => pair.deeper === deeper);
    const terms = equal.map(({ i, j }) => `coalesce(c.p${i} = l.p${j}, false)::TINYINT`);
    return `${terms.join(' + ')} AS m${deeper}`;
  });
  const common = PLACES.map((at) => `m${at}`).join(' + ');
  const weights = overlapWeights(FIRST_PLACES).map((row) => `[${row.join(', ')}]`);
  const biased = PLACES.map((at) => `m${at} * (${weights[at - 1]})[k]`).join(' + ');
  return selectNumbers(
    connection,
    {
      commonUsers: 'count(*)',
      overlap: `coalesce(sum((${common}) / k), 0)`,
      rankBiasedOverlap: `coalesce(sum(${biased}), 0)`,
      allChanged: `count(*) FILTER (${common} = 0)`,
    },
    `FROM (
       SELECT greatest(c.n, l.n) AS k, ${matches.join(', ')}
       FROM (${firstFives(candidate, range)}) c JOIN (${firstFives(live, range)}) l ON c.u = l.u
     )`,
  );
}

/** A row for each user: the number of first places `n`, and the products in them, `p1` to `p5`, all as hashes. */
function firstFives({ path }: PredictionsFile, range: string): string {
  const places = PLACES.map((at) => `max(hash(productId)) FILTER (position = ${at}) AS p${at}`);
  return `SELECT hash(userId) AS u, count(*)::TINYINT AS n, ${places.join(', ')}
    FROM read_parquet(${sqlText(path)}) WHERE position <= ${FIRST_PLACES} AND ${range} GROUP BY u`;
}

/** Shares of all scores between the deciles of the live version's sample; a score on an edge is below it. */
async function scoreBins(
  connection: DuckDBConnection,
  candidate: PredictionsFile,
  live: PredictionsFile,
): Promise<Comparison['scoreBins']> {
  const edges = await decilesOf(connection);
  // Adding up comparisons is five times quicker than a filtered count for each bin.
  const bin = edges.map((edge) => `(score > ${sqlDouble(edge)})::TINYINT`).join(' + ');
  const sharesOf = async ({ path }: PredictionsFile): Promise<number[]> => {
    const result = await connection.runAndReadAll(
      `SELECT bin, count(*) / sum(count(*)) OVER () FROM (
         SELECT ${bin} AS bin FROM read_parquet(${sqlText(path)}) WHERE isfinite(score)
       ) GROUP BY bin`,
    );
    const shares = new Map(result.getRows().map(([at, share]) => [Number(at), Number(share)]));
    return Array.from({ length: edges.length + 1 }, (_, at) => shares.get(at) ?? 0);
  };
  return { live: await sharesOf(live), candidate: await sharesOf(candidate) };
}

/** The different ones of the nine deciles: scores with many ties have fewer than ten bins. */
async function decilesOf(connection: DuckDBConnection): Promise<number[]> {
  // One aggregate for all: each of nine would keep all scores for itself, 200 MB more than anything else here takes.
  const all = `quantile_disc(score, [${DECILES.join(', ')}])`;
  const deciles = Object.fromEntries(DECILES.map((share, at) => [`d${share}`, `(${all})[${at + 1}]`]));
  const values = Object.values(await selectNumbers(connection, deciles, 'FROM live_sample'));
  return [...new Set(values)].sort((a, b) => a - b);
}

function sqlDouble(value: number): string {
  return `'${value}'::DOUBLE`;
}
