import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../../domain/errors.ts';
import type { RankedPair } from '../../domain/prediction.ts';
import type { Baseline, CandidateMeasures, Measurements, Unreadable } from '../../gate/measurements.ts';
import { machineFault } from '../input/duckdb.ts';
import { compareVersions } from './compare-versions.ts';
import { erasedUsersIn } from './erased-users.ts';
import { measureVersion, type PredictionsFile } from './measure-version.ts';
import { sqlText } from '../sql-text.ts';
import { selectNumbers } from './sql.ts';
import { userRanges } from './user-ranges.ts';

/** A version as the gate finds it: its predictions, and what its seal and manifest say of them. */
export interface Subject {
  /** Where its predictions.parquet was copied to; null where the archive has none. */
  readonly path: string | null;
  /** What the file must hold, together with those erased since; null where nobody says. */
  readonly users: number | null;
  readonly contentHash: string;
  readonly generatedAt: string;
  /** Whether the rows said when they were made; null where nobody knows. */
  readonly generatedAtFrom: 'rows' | 'file' | null;
}

/** How many unknown products are named: enough to see what they have in common. */
const NAMED_PRODUCTS = 5;
/** Of so many rows at most: all products of a batch whose columns are swapped may not fit into memory at once. */
const NAMED_FROM_ROWS = 100_000;

export interface MeasureRequest {
  readonly candidate: Subject & { readonly popular: readonly RankedPair[] };
  /** What is live, or why there is nothing to compare with. */
  readonly live: Subject | Extract<Baseline, { kind: 'none' }>;
  /** Whether the connection has a table `catalogue` with a column `productId`. */
  readonly hasCatalogue: boolean;
  readonly signal: AbortSignal;
  /** Rows of the users that are looked at together, about; only memory and time depend on it. */
  readonly rowsPerRange?: number;
}

/**
 * Measures the candidate, the live version, and both together, by SQL over their parquet files. What cannot be read is
 * `unreadable` and makes checks errored; rejects only with UnreachableError, where this machine has no memory or disk
 * left for it, and when `signal` aborts.
 */
export async function measure(
  connection: DuckDBConnection,
  { candidate, live, hasCatalogue, signal, rowsPerRange }: MeasureRequest,
): Promise<Measurements> {
  const attempt = async <T>(what: string, measuring: () => Promise<T>): Promise<T | Unreadable> => {
    try {
      return await measuring();
    } catch (error) {
      signal.throwIfAborted();
      const message = messageOf(error).split('\n')[0];
      if (message?.startsWith('Out of Memory Error')) throw machineFault(error) ?? error;
      return { kind: 'unreadable', why: `${what} cannot be measured: ${message}` };
    }
  };

  const measured = await attempt('the candidate', async () => {
    const file = fileOf('candidate', candidate);
    const ranges = await userRanges(connection, file.path, rowsPerRange);
    const measures = await measureSubject(connection, file, candidate, ranges);
    const popularProducts = new Set(candidate.popular.map(([productId]) => productId)).size;
    const unknown = hasCatalogue
      ? await measureUnknown(connection, file)
      : { unknownShare: null, unknownProducts: [] };
    return { kind: 'measured' as const, measures: { ...measures, popularProducts, ...unknown } };
  });
  if ('kind' in live) return { candidate: measured, baseline: live };
  const baseline = await attempt<Baseline>('the live version', async () => {
    const file = fileOf('live', live);
    const ranges = await userRanges(connection, file.path, rowsPerRange);
    const measures = await measureSubject(connection, file, live, ranges);
    if (measured.kind === 'unreadable') return measured;
    const { users } = measures;
    const rows = await compareVersions(
      connection,
      fileOf('candidate', candidate),
      { ...file, users },
      ranges,
    );
    const comparison = {
      ...rows,
      sameContent: candidate.contentHash === live.contentHash,
      olderSeconds: olderSeconds(candidate, live),
    };
    return { kind: 'measured', live: measures, comparison };
  });
  return { candidate: measured, baseline };
}

function fileOf(name: PredictionsFile['name'], { path }: Subject): PredictionsFile {
  if (path === null) throw new Error('the archive has no predictions.parquet of it');
  return { name, path };
}

async function measureSubject(
  connection: DuckDBConnection,
  file: PredictionsFile,
  { users }: Subject,
  ranges: readonly string[],
) {
  const measures = await measureVersion(connection, file, ranges);
  const erased = await erasedUsersIn(connection, file.path);
  if (users !== null && measures.users + erased !== users) {
    const since = erased === 0 ? '' : `, of whom ${erased} were erased since`;
    throw new Error(
      `its predictions.parquet has ${measures.users} users, its table was loaded with ${users}${since}`,
    );
  }
  return measures;
}

/** The share of rows whose product is not in the catalogue, and the most frequent products of the first of them. */
async function measureUnknown(
  connection: DuckDBConnection,
  { path }: PredictionsFile,
): Promise<Pick<CandidateMeasures, 'unknownShare' | 'unknownProducts'>> {
  const file = `read_parquet(${sqlText(path)})`;
  const { unknownShare } = await selectNumbers(
    connection,
    { unknownShare: 'count(*) FILTER (k.productId IS NULL) / count(*)' },
    `FROM ${file} p LEFT JOIN catalogue k ON p.productId = k.productId`,
  );
  if (unknownShare === 0) return { unknownShare, unknownProducts: [] };
  const named = await connection.runAndReadAll(
    `SELECT productId FROM (SELECT productId FROM ${file} ANTI JOIN catalogue USING (productId) LIMIT ${NAMED_FROM_ROWS})
     GROUP BY productId ORDER BY count(*) DESC, productId LIMIT ${NAMED_PRODUCTS}`,
  );
  return { unknownShare, unknownProducts: named.getRows().map(([productId]) => String(productId)) };
}

function olderSeconds(candidate: Subject, live: Subject): number | null {
  if (candidate.generatedAtFrom !== 'rows' || live.generatedAtFrom !== 'rows') return null;
  return (Date.parse(live.generatedAt) - Date.parse(candidate.generatedAt)) / 1000;
}
