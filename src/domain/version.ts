import { isPlacement } from './ids.ts';

const VERSION = /^\d{8}T\d{6}Z-[0-9a-f]{6}$/;
// DynamoDB: 3 to 255 of these characters. An ARN, which TableName also accepts, has colons and slashes.
const TABLE_NAME = /^[A-Za-z0-9_.-]{3,255}$/;
const TABLE_PREFIX = /^[A-Za-z0-9_.-]{1,60}$/;

/** A version id such as `20261121T031500Z-3f9a1c`. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** A name that DynamoDB takes as a table of this account and region, and as nothing else. */
export function isTableName(text: string): boolean {
  return TABLE_NAME.test(text);
}

/** What may stand before `-<placement>-<version>` in a table's name. */
export function isTablePrefix(text: string): boolean {
  return TABLE_PREFIX.test(text);
}

/**
 * A new version's id: the second it was made and 24 random bits, so that ids sort by time and are never reused.
 * @param now milliseconds since the epoch
 * @param randomBits a whole number; its lowest 24 bits are used
 */
export function newVersion(now: number, randomBits: number): string {
  const second = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${second}-${(randomBits & 0xffffff).toString(16).padStart(6, '0')}`;
}

/** When a version's id was made, in milliseconds since the epoch; NaN for what is no version. */
export function versionTime(version: string): number {
  const [, date, time] = /^(\d{4}\d{2}\d{2})T(\d{6})Z-/.exec(version) ?? [];
  if (date === undefined || time === undefined || !isVersion(version)) return NaN;
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;
  return Date.parse(`${day}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`);
}

/** The table that holds a version. */
export function tableName(prefix: string, placement: string, version: string): string {
  return `${prefix}-${placement}-${version}`;
}

/** The placement and version that a table's name speaks of; undefined where it is not one of this prefix. */
export function parseTableName(
  prefix: string,
  table: string,
): { placement: string; version: string } | undefined {
  if (!table.startsWith(`${prefix}-`)) return undefined;
  const rest = table.slice(prefix.length + 1);
  const dash = rest.indexOf('-');
  if (dash < 0) return undefined;
  const placement = rest.slice(0, dash);
  const version = rest.slice(dash + 1);
  return isPlacement(placement) && isVersion(version) ? { placement, version } : undefined;
}
