import { StoreError } from '../domain/errors.ts';
import type { Seal } from '../domain/seal.ts';
import type { UserRead } from './prediction-reader.ts';
import { decodeSeal } from './seal-codec.ts';

/** An item as DynamoDB's protocol writes it, as far as predictions and seals go; everything may be missing. */
export interface StoredItem {
  readonly userId?: { readonly S?: string | undefined };
  readonly items?: { readonly S?: string | undefined };
  readonly seal?: { readonly S?: string | undefined };
}

/** What a GetItem says of a user. Throws StoreError where it says something of another one. */
export function toUserRead(item: StoredItem | undefined, userId: string, table: string): UserRead {
  if (item === undefined) return ABSENT;
  if (item.userId?.S !== userId) throw notAskedFor(table);
  return readOf(item);
}

/**
 * What a BatchGetItem says of each of `userIds`. Throws StoreError for an answer that says nothing, or something of
 * others: whoever sent that, users must not pass for unknown by it.
 */
export function toUserReads(
  userIds: readonly string[],
  found: readonly StoredItem[] | undefined,
  unprocessed: readonly StoredItem[],
  table: string,
): Map<string, UserRead> {
  if (found === undefined && unprocessed.length === 0) {
    throw new StoreError(`a read of table ${table} was answered with nothing`);
  }
  const reads = new Map<string, UserRead>();
  for (const userId of userIds) reads.set(userId, ABSENT);
  const say = (userId: string | undefined, read: UserRead) => {
    if (userId === undefined || !reads.has(userId)) throw notAskedFor(table);
    reads.set(userId, read);
  };
  for (const item of found ?? []) say(item.userId?.S, readOf(item));
  for (const key of unprocessed) say(key.userId?.S, THROTTLED);
  return reads;
}

function readOf({ items }: StoredItem): UserRead {
  return typeof items?.S === 'string' ? { kind: 'found', items: items.S } : UNREADABLE;
}

function notAskedFor(table: string): StoreError {
  return new StoreError(`a read of table ${table} was answered with an item that was not asked for`);
}

/** The seal in a table's item, null where there is none. Throws StoreError for an item that is no seal. */
export function toSeal(item: StoredItem | undefined, table: string): Seal | null {
  return item === undefined ? null : decodeSeal(item.seal?.S ?? '', table);
}

const ABSENT: UserRead = { kind: 'absent' };
const UNREADABLE: UserRead = { kind: 'unreadable' };
const THROTTLED: UserRead = { kind: 'throttled' };
