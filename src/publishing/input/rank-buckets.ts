import { BadInputError, messageOf, UnreachableError } from '../../domain/errors.ts';
import { shown } from '../../domain/ids.ts';
import { encodeItems } from '../../domain/prediction.ts';
import { createContentHash } from '../content-hash.ts';
import { machineFault, type Workbench } from './duckdb.ts';
import { collectPredictions, type KeptPredictions } from './kept-predictions.ts';
import { groupUsers, rankedUsers } from './ranked-users.ts';
import type { Scan } from './scan.ts';

/** More rows than this are no list for anybody, but a default or a missing id that took the place of many. */
const MAX_USER_ROWS = 100_000;

/** What the ranking of all buckets came to. */
export interface Ranked {
  /** Rows kept, and rows that repeated a user's product. */
  readonly kept: number;
  readonly duplicates: number;
  readonly users: number;
  readonly contentHash: string;
}

/**
 * Ranks one bucket after the other, the database grouping the next one meanwhile, and collects, counts and hashes what is
 * kept in the file at `path`. Throws UnreachableError where the disk, or the memory, is not enough, and BadInputError
 * where one user has too many rows for it.
 */
export async function rankBuckets(
  workbench: Pick<Workbench, 'connect'>,
  scan: Scan,
  keep: number,
  path: string,
): Promise<Ranked> {
  const hash = createContentHash();
  const kept = collectPredictions(path, hash);
  try {
    const totals = await rankInto(kept, workbench, scan, keep);
    return { ...totals, contentHash: hash.digest() };
  } catch (error) {
    const fault = machineFault(error);
    if (fault !== undefined) throw (await tooManyRows(workbench, scan, error)) ?? fault;
    throw diskFault(error) ?? error;
  } finally {
    kept.finish();
  }
}

async function rankInto(
  predictions: KeptPredictions,
  workbench: Pick<Workbench, 'connect'>,
  { buckets, shape, rows: scanned }: Scan,
  keep: number,
): Promise<Omit<Ranked, 'contentHash'>> {
  // A connection serves one result at a time, and two are under way.
  const connections = [await workbench.connect(), await workbench.connect()] as const;
  const group = (at: number) => {
    const bucket = buckets[at];
    if (bucket === undefined) return undefined;
    const groups = groupUsers(connections[at % 2 === 0 ? 0 : 1], bucket, shape);
    // Its failure counts when its turn comes.
    groups.catch(() => undefined);
    return groups;
  };
  const totals = { kept: 0, users: 0, duplicates: 0 };
  let seen = 0;
  let next = group(0);
  for (let at = 1; next !== undefined; at++) {
    const groups = await next;
    next = group(at);
    for await (const users of rankedUsers(groups, shape, keep)) {
      for (const { userId, rows, pairs, duplicates } of users) {
        seen += rows;
        predictions.add({ userId, items: encodeItems(pairs) });
        totals.kept += pairs.length;
        totals.duplicates += duplicates;
        totals.users += 1;
      }
    }
  }
  predictions.finish();
  assertComplete(seen, scanned);
  return totals;
}

/**
 * Throws unless every row that was scanned came back. DuckDB's client takes a query that fails halfway (an interrupt,
 * a disk error while it reads what it spilled) for one that has no more rows.
 */
export function assertComplete(seen: number, scanned: number): void {
  if (seen === scanned) return;
  throw new UnreachableError(
    `only ${seen} of ${scanned} rows came back from the temporary folder; look at the disk and its space, and try again`,
  );
}

/**
 * Why the memory was not enough, if it is the input's fault: all rows of a user are ranked together, and another attempt
 * would end no better. Looked for afterwards, because counting every user's rows takes time that no other load needs.
 */
async function tooManyRows(
  workbench: Pick<Workbench, 'connect'>,
  { buckets }: Scan,
  cause: unknown,
): Promise<BadInputError | undefined> {
  try {
    const connection = await workbench.connect();
    for (const bucket of buckets) {
      const [[user, rows] = []] = (
        await connection.runAndReadAll(
          `SELECT userId, count(*)::DOUBLE FROM (${bucket}) GROUP BY userId HAVING count(*) > ${MAX_USER_ROWS} LIMIT 1`,
        )
      ).getRows();
      if (user === undefined) continue;
      return new BadInputError(
        `user ${shown(user)} has ${String(rows)} rows, more than fit into memory together; no more than ` +
          `${MAX_USER_ROWS} of one user are meant to`,
        { cause },
      );
    }
  } catch {
    // What was known before is what is reported.
  }
  return undefined;
}

/** A failure of the temporary folder's disk: errors of the file system have a number. */
function diskFault(error: unknown): UnreachableError | undefined {
  if (!(error instanceof Error && 'errno' in error)) return undefined;
  return new UnreachableError(
    `what is read cannot be kept: ${messageOf(error)}. Point TOPSHELF_TEMP_DIR to a disk with room.`,
    { cause: error },
  );
}
