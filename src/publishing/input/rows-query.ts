import { BadInputError } from '../../domain/errors.ts';
import type { Columns } from './columns.ts';
import type { InputFile } from './input-file.ts';
import { sqlRules } from './row-rules.ts';

/** A file, its columns, and a path to it that DuckDB can take for nothing else (no glob, no quote). */
export interface ReadableFile {
  readonly file: InputFile;
  readonly columns: Columns;
  readonly plainPath: string;
}

/** Which optional columns the rows of all files have. */
export interface RowShape {
  readonly hasRank: boolean;
  readonly hasTimestamp: boolean;
}

// One dialect, nothing guessed: guessing reads a sample, and a sample can look like something that the rest is not.
const DIALECT = `header=true, auto_detect=false, delim=',', quote='"', escape='"', strict_mode=true,
  null_padding=false, ignore_errors=false`;

/** Throws BadInputError where some files have a RANK column and others have none: no order follows from that. */
export function rowShape(files: readonly ReadableFile[]): RowShape {
  const ranked = files.find(({ columns }) => columns.rank !== undefined);
  const unranked = files.find(({ columns }) => columns.rank === undefined);
  if (ranked !== undefined && unranked !== undefined) {
    throw new BadInputError(
      `${ranked.file.path} has a RANK column and ${unranked.file.path} has none; all files need it, or none`,
    );
  }
  return {
    hasRank: ranked !== undefined,
    hasTimestamp: files.some(({ columns }) => columns.timestamp !== undefined),
  };
}

/**
 * SQL for all rows of all files, those of a user together, users in byte order: columns userId, productId, score,
 * then rank and timestamp as `shape` says. A value that breaks a rule is NULL; users that do come first.
 */
export function rowsQuery(files: readonly ReadableFile[], shape: RowShape): string {
  const alike = Map.groupBy(files, ({ file, columns }) => JSON.stringify([file.compression, columns]));
  const selects = [...alike.values()].map((group) => selectRows(group, shape));
  return `SELECT * FROM (${selects.join('\nUNION ALL\n')}) ORDER BY userId NULLS FIRST`;
}

function selectRows(files: readonly ReadableFile[], { hasRank, hasTimestamp }: RowShape): string {
  const [first] = files;
  if (first === undefined) throw new RangeError('no files');
  const { columns, file } = first;
  const name = (at: number) => `c${at}`;
  const fields = [
    `${sqlRules.userId(name(columns.entity))} AS userId`,
    `${sqlRules.productId(name(columns.class))} AS productId`,
    `${sqlRules.score(name(columns.score))} AS score`,
  ];
  if (hasRank && columns.rank !== undefined) fields.push(`${sqlRules.rank(name(columns.rank))} AS "rank"`);
  if (hasTimestamp) {
    fields.push(
      `${columns.timestamp === undefined ? '0::DOUBLE' : sqlRules.timestamp(name(columns.timestamp))} AS "at"`,
    );
  }
  const types = Array.from({ length: columns.count }, (_, at) => `'${name(at)}': 'VARCHAR'`);
  const paths = files.map(({ plainPath }) => `'${plainPath.replaceAll("'", "''")}'`);
  return `SELECT ${fields.join(',\n  ')}
    FROM read_csv([${paths.join(', ')}], columns={${types.join(', ')}}, compression='${file.compression}', ${DIALECT})`;
}
