import type { DuckDBConnection } from '@duckdb/node-api';
import { FIRST_PLACES, type Comparison } from '../../gate/measurements.ts';
import { overlapWeights } from '../../gate/rank-biased-overlap.ts';
import { PLACES, type PredictionsFile } from './measure-version.ts';
import { quoted, selectNumbers } from './sql.ts';

/** What the predictions of both say; the seals and manifests know the rest of `Comparison`. */
export type RowComparison = Omit<Comparison, 'sameContent' | 'olderSeconds'>;

const DECILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** Compares two versions that `measureVersion` has measured on this connection. Rejects as DuckDB does. */
export async function compareVersions(
  connection: DuckDBConnection,
  candidate: PredictionsFile,
  live: PredictionsFile,
): Promise<RowComparison> {
  const { commonUsers, liveUsers, ...lists } = await compareLists(connection);
  return {
    ...{ commonUsers, lostShare: 1 - commonUsers / liveUsers, ...lists },
    scoreBins: await scoreBins(connection, candidate, live),
  };
}

/**
 * One row for each common user, with the number `m1` to `m5` of products that both first fives have, by the deeper of
 * the product's two places; overlap and rank-biased overlap follow from these by plain arithmetic. A list shorter than
 * the other counts as one with empty places. Where no user is common nothing stays, and everything has changed.
 */
async function compareLists(connection: DuckDBConnection) {
  const pairs = PLACES.flatMap((i) => PLACES.map((j) => ({ i, j, deeper: Math.max(i, j) })));
  const matches = PLACES.map((deeper) => {
    const equal = pairs.filter((pair) => pair.deeper === deeper);
    const terms = equal.map(({ i, j }) => `coalesce(c.p${i} = l.p${j}, false)::TINYINT`);
    return `${terms.join(' + ')} AS m${deeper}`;
  });
  const common = PLACES.map((at) => `m${at}`).join(' + ');
  const weights = overlapWeights(FIRST_PLACES).map((row) => `[${row.join(', ')}]`);
  const biased = PLACES.map((at) => `m${at} * ([${weights[at - 1]}])[1][k]`).join(' + ');
  return selectNumbers(
    connection,
    {
      commonUsers: 'count(*)',
      liveUsers: '(SELECT count(*) FROM live_lists)',
      overlap: `coalesce(avg((${common}) / k), 0)`,
      rankBiasedOverlap: `coalesce(avg(${biased}), 0)`,
      allChangedShare: `coalesce(count(*) FILTER (${common} = 0) / nullif(count(*), 0), 1)`,
    },
    `FROM (
       SELECT greatest(c.n, l.n) AS k, ${matches.join(', ')} FROM candidate_lists c JOIN live_lists l ON c.u = l.u
     )`,
  );
}

/** Shares of all scores between the deciles of the live version's sample. */
async function scoreBins(
  connection: DuckDBConnection,
  candidate: PredictionsFile,
  live: PredictionsFile,
): Promise<Comparison['scoreBins']> {
  const { edges } = await selectEdges(connection);
  const bounds = [-Infinity, ...edges, Infinity];
  const expressions = Object.fromEntries(
    bounds.slice(1).map((upper, at) => {
      // Every score belongs to one bin: the first edge that it does not exceed closes it.
      const within = [`score > ${sqlDouble(bounds[at]!)}`, `score <= ${sqlDouble(upper)}`];
      return [`bin${at}`, `count(*) FILTER (${within.join(' AND ')}) / count(*)`];
    }),
  );
  const sharesOf = async ({ path }: PredictionsFile) =>
    Object.values(
      await selectNumbers(connection, expressions, `FROM read_parquet(${quoted(path)}) WHERE isfinite(score)`),
    );
  return { live: await sharesOf(live), candidate: await sharesOf(candidate) };
}

/** The different ones of the nine deciles: scores with many ties have fewer than ten bins. */
async function selectEdges(connection: DuckDBConnection) {
  const deciles = Object.fromEntries(
    DECILES.map((share) => [`d${share}`, `quantile_disc(score, ${share})`]),
  );
  const values = Object.values(await selectNumbers(connection, deciles, 'FROM live_sample'));
  return { edges: [...new Set(values)].sort((a, b) => a - b) };
}

function sqlDouble(value: number): string {
  return `'${value}'::DOUBLE`;
}
