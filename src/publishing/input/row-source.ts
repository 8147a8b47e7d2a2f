import { BadInputError } from '../../domain/errors.ts';
import { sqlText } from '../sql-text.ts';
import type { Columns } from './columns.ts';
import { printableRules, sqlRules } from './row-rules.ts';

/** How DuckDB reads the rows of a file. */
export interface RowSource {
  /** The file's path as it was given, for messages. */
  readonly path: string;
  /** A path to it that DuckDB can take for nothing else (no glob, no quote). */
  readonly plainPath: string;
  /** The table function and its options, the same for files that are alike. */
  readonly reader: 'read_csv' | 'read_parquet';
  readonly options: string;
  /** SQL expressions; each is NULL where the value breaks its rule. `at` is in milliseconds, 0 where there is none. */
  readonly userId: string;
  readonly productId: string;
  readonly score: string;
  readonly rank: string | undefined;
  readonly at: string | undefined;
}

/** Which optional columns the rows of all files have. */
export interface RowShape {
  readonly hasRank: boolean;
  readonly hasTimestamp: boolean;
}

/** Longest record of a CSV file, its line ending left out. */
export const MAX_RECORD_BYTES = 2_000_000;
// One dialect, nothing guessed: guessing reads a sample, and a sample can look like something that the rest is not.
const DIALECT = `auto_detect=false, delim=',', quote='"', escape='"', strict_mode=true, null_padding=false, ignore_errors=false,
  max_line_size=${MAX_RECORD_BYTES}, buffer_size=${4 * MAX_RECORD_BYTES}`;

/** A CSV file as DuckDB reads it: every column as text. */
export function csvSource(
  path: string,
  plainPath: string,
  columns: Columns,
  { hasHeader, isPrintable, now }: { hasHeader: boolean; isPrintable: boolean; now: number },
): RowSource {
  const rules = isPrintable ? printableRules : sqlRules;
  const name = (at: number) => `c${at}`;
  const types = Array.from({ length: columns.count }, (_, at) => `'${name(at)}': 'VARCHAR'`);
  return {
    path,
    plainPath,
    reader: 'read_csv',
    options: `columns={${types.join(', ')}}, compression='none', header=${hasHeader}, ${DIALECT}`,
    userId: rules.userId(name(columns.entity)),
    productId: rules.productId(name(columns.class)),
    score: rules.score(name(columns.score)),
    rank: columns.rank === undefined ? undefined : rules.rank(name(columns.rank)),
    at: columns.timestamp === undefined ? undefined : rules.timestamp(name(columns.timestamp), now),
  };
}

/** Throws BadInputError where some files have a RANK column and others have none: no order follows from that. */
export function rowShape(sources: readonly RowSource[]): RowShape {
  const ranked = sources.find(({ rank }) => rank !== undefined);
  const unranked = sources.find(({ rank }) => rank === undefined);
  if (ranked !== undefined && unranked !== undefined) {
    throw new BadInputError(
      `${ranked.path} has a RANK column and ${unranked.path} has none; all files need it, or none`,
    );
  }
  return { hasRank: ranked !== undefined, hasTimestamp: sources.some(({ at }) => at !== undefined) };
}

/** SQL for all rows of all files in no order: userId, productId, score, then rank and at as `shape` says. */
export function rowsSql(sources: readonly RowSource[], { hasRank, hasTimestamp }: RowShape): string {
  const alike = Map.groupBy(sources, ({ path: _path, plainPath: _plainPath, ...rest }) =>
    JSON.stringify(rest),
  );
  return [...alike.values()]
    .map((group) => {
      const [{ reader, options, userId, productId, score, rank, at }] = group as [RowSource];
      const fields = [`${userId} AS userId`, `${productId} AS productId`, `${score} AS score`];
      if (hasRank) fields.push(`${rank} AS "rank"`);
      if (hasTimestamp) fields.push(`${at ?? '0::DOUBLE'} AS "at"`);
      const paths = group.map(({ plainPath }) => sqlText(plainPath)).join(', ');
      return `SELECT ${fields.join(',\n  ')} FROM ${reader}([${paths}], ${options})`;
    })
    .join('\nUNION ALL\n');
}

/** SQL that is true for a row in which some value breaks its rule. */
export function badRowSql({ hasRank, hasTimestamp }: RowShape): string {
  const columns = [
    'userId',
    'productId',
    'score',
    ...(hasRank ? ['"rank"'] : []),
    ...(hasTimestamp ? ['"at"'] : []),
  ];
  return columns.map((column) => `${column} IS NULL`).join(' OR ');
}
