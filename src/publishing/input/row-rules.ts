import { MAX_ID_BYTES, productIdFault, shown, userIdFault } from '../../domain/ids.ts';
import type { Columns } from './columns.ts';

// Each rule is written twice, side by side: in SQL, which every row passes through and which makes NULL of a value
// that breaks the rule, and in TypeScript, which says what is wrong once SQL has found that something is.
const NUMBER = String.raw`[ \t]*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t]*`;
const WHOLE_NUMBER = String.raw`[ \t]*[0-9]{1,9}[ \t]*`;
// Bounded so that what reads it agrees: DuckDB takes an hour of 24 and offsets of several days, and no offset without
// seconds before it. The groups are what `momentOf` puts together.
const TIMESTAMP = String.raw`([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]((?:[01][0-9]|2[0-3]):[0-5][0-9])(?:(:[0-5][0-9](?:\.[0-9]{1,9})?)(?:Z|([+-](?:[01][0-9]|2[0-3]))(?::?([0-5][0-9]))?)?)?)?`;
/** How far a timestamp may be ahead of the clock: no zone is further ahead, and clocks differ by less. */
export const MAX_AHEAD_MS = 24 * 60 * 60 * 1000;

const isNumber = new RegExp(`^${NUMBER}$`);
const isWholeNumber = new RegExp(`^${WHOLE_NUMBER}$`);
const timestampParts = new RegExp(`^${TIMESTAMP}$`);

const hasIdLength = (column: string): string => `strlen(${column}) BETWEEN 1 AND ${MAX_ID_BYTES}`;

// Most ids are plain ASCII, which is much cheaper to see than that none of Unicode's control characters is there, and
// no byte-order mark at the beginning.
const idHolds = (column: string): string =>
  String.raw`${hasIdLength(column)} AND CASE WHEN regexp_full_match(${column}, '[ -~]+')
    THEN true ELSE NOT regexp_matches(${column}, '^\x{FEFF}|\p{Cc}') END`;

/** SQL expressions over VARCHAR columns; each is NULL where the value breaks its rule. */
export const sqlRules = {
  userId: (column: string) =>
    `CASE WHEN ${idHolds(column)} AND NOT starts_with(${column}, '#') THEN ${column} END`,
  productId: (column: string) => `CASE WHEN ${idHolds(column)} THEN ${column} END`,
  score: (column: string) =>
    // Adding zero turns -0, which JSON cannot tell from 0, into 0.
    `CASE WHEN regexp_full_match(${column}, '${NUMBER}') AND isfinite(TRY_CAST(${column} AS DOUBLE))
       THEN TRY_CAST(${column} AS DOUBLE) + 0 END`,
  rank: (column: string) =>
    `CASE WHEN regexp_full_match(${column}, '${WHOLE_NUMBER}') THEN NULLIF(TRY_CAST(${column} AS INTEGER), 0) END`,
  /** Milliseconds since the epoch, UTC unless it says otherwise; 0 where the field is empty. */
  timestamp: (column: string, now: number) =>
    `CASE WHEN ${column} IS NULL THEN 0::DOUBLE WHEN regexp_full_match(${column}, '${TIMESTAMP}')
       THEN ${momentSql(`TRY_CAST(${column} AS TIMESTAMPTZ)`, now)} END`,
};

/** SQL for a moment in milliseconds since the epoch; NULL where it is too far ahead of `now`. */
export function momentSql(moment: string, now: number): string {
  return `CASE WHEN epoch_ms(${moment}) <= ${now + MAX_AHEAD_MS} THEN epoch_ms(${moment})::DOUBLE END`;
}

/**
 * The same for columns that hold nothing but printable ASCII: the same verdict on every value, for half the work. Of what
 * DuckDB takes for a number there, the rule leaves out but underscores, a second sign, and what is not finite.
 */
export const printableRules: typeof sqlRules = {
  ...sqlRules,
  userId: (column) =>
    `CASE WHEN ${hasIdLength(column)} AND NOT starts_with(${column}, '#') THEN ${column} END`,
  productId: (column) => `CASE WHEN ${hasIdLength(column)} THEN ${column} END`,
  score: (column) =>
    `CASE WHEN isfinite(TRY_CAST(${column} AS DOUBLE)) AND NOT contains(${column}, '_') AND NOT contains(${column}, '+-')
       THEN TRY_CAST(${column} AS DOUBLE) + 0 END`,
};

/**
 * What is wrong with a record's fields, the value received in it; undefined where they are fine. `now` is in milliseconds
 * since the epoch.
 */
export function rowFault(fields: readonly string[], columns: Columns, now: number): string | undefined {
  const { count } = columns;
  // As DuckDB, which takes an empty field too many for a trailing comma.
  const isTrailingComma = fields.length === count + 1 && fields[count] === '';
  if (fields.length !== count && !isTrailingComma) {
    return `has ${fields.length} fields; there are ${count} columns`;
  }
  const value = (at: number | undefined): string => (at === undefined ? '' : (fields[at] ?? ''));
  const [user, product, score] = [value(columns.entity), value(columns.class), value(columns.score)];
  const userFault = userIdFault(user);
  if (userFault !== undefined) return `user id ${shown(user)} ${userFault}`;
  const productFault = productIdFault(product);
  if (productFault !== undefined) return `product id ${shown(product)} ${productFault}`;
  if (!isNumber.test(score) || !Number.isFinite(Number(score))) {
    return `score ${shown(score)} is not a finite number`;
  }
  const rank = value(columns.rank);
  if (columns.rank !== undefined && !(isWholeNumber.test(rank) && Number(rank) > 0)) {
    return `rank ${shown(rank)} is not a positive whole number`;
  }
  const timestamp = value(columns.timestamp);
  return timestamp === '' ? undefined : timestampFault(timestamp, now);
}

function timestampFault(text: string, now: number): string | undefined {
  const moment = momentOf(text);
  if (moment === undefined) return `timestamp ${shown(text)} is not a time such as "2026-11-21T03:15:00Z"`;
  if (moment <= now + MAX_AHEAD_MS) return undefined;
  return `timestamp ${shown(text)} is more than a day ahead of the clock, which says ${new Date(now).toISOString()}`;
}

/** Milliseconds since the epoch; undefined where the text is no time. */
function momentOf(text: string): number | undefined {
  const parts = timestampParts.exec(text);
  if (parts === null) return undefined;
  const [, day = '', clock = '00:00', seconds = ':00', hours, minutes = '00'] = parts;
  // JavaScript is lenient about days that a month does not have, DuckDB is not.
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return undefined;
  return Date.parse(`${day}T${clock}${seconds}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`);
}
