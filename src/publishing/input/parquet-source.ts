import type { DuckDBConnection } from '@duckdb/node-api';
import { BadInputError, messageOf } from '../../domain/errors.ts';
import { sqlName, sqlText } from '../sql-text.ts';
import { findColumns, type Columns } from './columns.ts';
import { machineFault } from './duckdb.ts';
import type { InputFile } from './input-file.ts';
import type { InputRequest } from './input-request.ts';
import type { Rejects } from './rejects.ts';
import { momentSql, rowFault, sqlRules } from './row-rules.ts';
import type { RowSource } from './row-source.ts';

/** What is known of a Parquet file before its rows are read. */
export interface ParquetSource extends RowSource {
  readonly rows: number;
  /** User ids of rows from all over the file. */
  readonly samples: readonly string[];
}

const SAMPLES = 2000;
const WHOLE_NUMBER = /^(?:U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|DECIMAL\(\d+,0\))$/;
const NUMBER = /^(?:U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|DECIMAL\(\d+,\d+\)|DOUBLE)$/;
const MOMENT = /^(?:DATE|TIMESTAMP(?:_S|_MS|_NS)?|TIMESTAMP WITH TIME ZONE)$/;

/** Reads a Parquet file's columns. Throws BadInputError where it is none, or has columns that cannot be used. */
export async function openParquet(
  connection: DuckDBConnection,
  file: InputFile,
  plainPath: string,
  { map }: InputRequest,
  now: number,
): Promise<ParquetSource> {
  const from = `read_parquet(${sqlText(plainPath)})`;
  const described = await read(connection, `DESCRIBE SELECT * FROM ${from}`, file);
  const names = described.map(([name]) => String(name));
  const types = described.map(([, type]) => String(type));
  const columns = findColumns(file.path, names, map);
  const expressions = expressionsOf(file.path, names, types, columns, now);
  const [[rows] = [0]] = await read(connection, `SELECT count(*) FROM ${from}`, file);
  const sampled = `SELECT ${expressions.userId} FROM (SELECT * FROM ${from} USING SAMPLE ${SAMPLES} ROWS)`;
  const samples = (await read(connection, sampled, file)).flatMap(([id]) =>
    typeof id === 'string' ? [id] : [],
  );
  return {
    ...{ path: file.path, plainPath, reader: 'read_parquet' as const, options: 'hive_partitioning=false' },
    ...{ ...expressions, rows: Number(rows), samples },
  };
}

type Expressions = Pick<RowSource, 'userId' | 'productId' | 'score' | 'rank' | 'at'>;

function expressionsOf(
  path: string,
  names: readonly string[],
  types: readonly string[],
  columns: Columns,
  now: number,
): Expressions {
  const expression = (
    at: number,
    expected: string,
    byType: (name: string, type: string) => string | undefined,
  ) => {
    const [name = '', type = ''] = [names[at], types[at]];
    const sql = byType(sqlName(name), type);
    if (sql !== undefined) return sql;
    throw new BadInputError(`${path}: column ${name} is ${type}; it must be ${expected}`);
  };
  // A fraction is no id: there is more than one way to write it as text.
  const id = (rule: (column: string) => string) => (name: string, type: string) =>
    type === 'VARCHAR' ? rule(name) : WHOLE_NUMBER.test(type) ? `CAST(${name} AS VARCHAR)` : undefined;
  return {
    userId: expression(columns.entity, 'text or whole numbers', id(sqlRules.userId)),
    productId: expression(columns.class, 'text or whole numbers', id(sqlRules.productId)),
    score: expression(columns.score, 'numbers', scoreOf),
    rank: columns.rank === undefined ? undefined : expression(columns.rank, 'whole numbers', rankOf),
    at:
      columns.timestamp === undefined
        ? undefined
        : expression(columns.timestamp, 'times or text', momentOf(now)),
  };
}

function scoreOf(name: string, type: string): string | undefined {
  if (type === 'VARCHAR') return sqlRules.score(name);
  // A 4-byte number counts as its shortest text: 0.1 is meant, not 0.10000000149011612, which takes twice the bytes.
  if (type === 'FLOAT')
    return `CASE WHEN isfinite(${name}) THEN CAST(CAST(${name} AS VARCHAR) AS DOUBLE) + 0 END`;
  return NUMBER.test(type)
    ? `CASE WHEN isfinite(CAST(${name} AS DOUBLE)) THEN CAST(${name} AS DOUBLE) + 0 END`
    : undefined;
}

function rankOf(name: string, type: string): string | undefined {
  if (type === 'VARCHAR') return sqlRules.rank(name);
  return WHOLE_NUMBER.test(type)
    ? `CASE WHEN ${name} BETWEEN 1 AND 999999999 THEN CAST(${name} AS INTEGER) END`
    : undefined;
}

const momentOf =
  (now: number) =>
  (name: string, type: string): string | undefined => {
    if (type === 'VARCHAR') return sqlRules.timestamp(name, now);
    return MOMENT.test(type)
      ? `CASE WHEN ${name} IS NULL THEN 0::DOUBLE WHEN isfinite(${name}) THEN ${momentSql(`CAST(${name} AS TIMESTAMP)`, now)} END`
      : undefined;
  };

interface Rejecting {
  readonly connection: DuckDBConnection;
  readonly request: InputRequest;
  readonly rejects: Rejects;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Adds the rows that break a rule to `rejects`; records are the file's rows, counted from 1. */
export async function rejectParquetRows(
  source: ParquetSource,
  file: InputFile,
  { connection, request, rejects, now }: Rejecting,
): Promise<void> {
  const from = `read_parquet(${sqlText(source.plainPath)}, file_row_number=true)`;
  const described = await read(
    connection,
    `DESCRIBE SELECT * FROM read_parquet(${sqlText(source.plainPath)})`,
    file,
  );
  const names = described.map(([name]) => String(name));
  const columns = findColumns(file.path, names, request.map);
  const { userId, productId, score, rank, at } = source;
  const rules = [userId, productId, score, rank, at].filter((rule) => rule !== undefined);
  const places = [columns.entity, columns.class, columns.score, columns.rank, columns.timestamp];
  // Behind a dot, because DuckDB's client drops a byte-order mark that a text begins with.
  const texts = places.map((place) =>
    place === undefined ? "'.'" : `'.' || CAST(${sqlName(names[place] ?? '')} AS VARCHAR)`,
  );
  const result = await connection.stream(
    `SELECT file_row_number + 1, ${texts.join(', ')} FROM ${from} WHERE ${rules.map((rule) => `(${rule}) IS NULL`).join(' OR ')}`,
  );
  const asRead: Columns = {
    ...{ count: 5, entity: 0, class: 1, score: 2 },
    rank: columns.rank === undefined ? undefined : 3,
    timestamp: columns.timestamp === undefined ? undefined : 4,
  };
  for await (const chunk of result) {
    for (const [record, ...values] of chunk.getRows()) {
      const fields = values.map((value) => (typeof value === 'string' ? value.slice(1) : ''));
      const used = fields.filter((_, place) => places[place] !== undefined);
      await rejects.add({
        file: file.path,
        record: Number(record),
        reason: rowFault(fields, asRead, now) ?? 'a value cannot be used',
        text: JSON.stringify(used),
      });
    }
  }
}

async function read(connection: DuckDBConnection, sql: string, { path }: InputFile): Promise<unknown[][]> {
  try {
    return (await connection.runAndReadAll(sql)).getRows();
  } catch (error) {
    const [message = ''] = messageOf(error).split('\n');
    throw (
      machineFault(error) ??
      new BadInputError(`${path} cannot be read as Parquet: ${message}`, { cause: error })
    );
  }
}
