import { UsageError } from '../domain/errors.ts';
import { shown } from '../domain/ids.ts';
import type { StoredPrediction } from '../domain/prediction.ts';
import type { Seal } from '../domain/seal.ts';

/** Most items of one write: the limit of BatchWriteItem. */
export const MAX_ITEMS_PER_WRITE = 25;

/** Throws UsageError for a key that is no user's: the seal must not be taken for one. */
export function refuseReserved(userId: string): void {
  if (userId.startsWith('#')) throw new UsageError(`${shown(userId)} begins with #: it is no user id`);
}

/** What the store says about one table. */
export interface TableDescription {
  readonly table: string;
  readonly status: 'creating' | 'active' | 'deleting' | 'other';
  /** ISO 8601; undefined where the store does not say. */
  readonly createdAt: string | undefined;
}

/** What may be asked for a table beyond its content; what is left out is never sent to the store. */
export interface TableOptions {
  /** Requests a second that the table is to stand from its first moment on: read and write units. */
  readonly warm?: { readonly reads?: number; readonly writes?: number };
  readonly tags?: Readonly<Record<string, string>>;
  readonly deletionProtection?: boolean;
}

/** How far a load has come, as the table itself keeps it; it names no user. */
export interface LoadProgress {
  /** What is being loaded: the content hash of the whole batch. */
  readonly contentHash: string;
  /** So many users, the first in byte order of their ids, are in the table. */
  readonly users: number;
}

/** Makes, fills and removes prediction tables, for publishers. */
export interface PredictionTables {
  /**
   * Resolves when the new, empty, on-demand table takes writes, and is as warm as `options` ask. Rejects with StoreError
   * where the name is taken.
   */
  create(table: string, signal: AbortSignal, options?: TableOptions): Promise<void>;

  /** Gives a table that is active its options, and resolves when it has them. */
  configure(table: string, options: TableOptions, signal: AbortSignal): Promise<void>;

  /**
   * Writes up to MAX_ITEMS_PER_WRITE predictions of different users, once: it repeats nothing by itself, so that the
   * writer sees every sign of throttling. Resolves with those that the store did not take (throttled), to be written
   * again. Rejects with TableMissingError, StoreThrottledError, StoreTimeoutError or StoreError.
   */
  write(
    table: string,
    predictions: readonly StoredPrediction[],
    signal: AbortSignal,
  ): Promise<StoredPrediction[]>;

  /** Resolves with the stored text of each of `userIds` (at most 100) that the table holds, strongly consistent. */
  readBack(
    table: string,
    userIds: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>>;

  /** Keeps how far the load has come, beside the seal's key: readers serve neither. */
  writeProgress(table: string, progress: LoadProgress, signal: AbortSignal): Promise<void>;

  /** What `writeProgress` kept last, strongly consistent; null where there is none. Rejects with TableMissingError. */
  readProgress(table: string, signal: AbortSignal): Promise<LoadProgress | null>;

  /** Writes the seal: from then on the table is complete and never written again. */
  seal(table: string, seal: Seal, signal: AbortSignal): Promise<void>;

  /** The table's seal, strongly consistent; null where the table is not sealed. Rejects with TableMissingError. */
  readSeal(table: string, signal: AbortSignal): Promise<Seal | null>;

  /** What is known of the table; null where there is none. */
  describe(table: string, signal: AbortSignal): Promise<TableDescription | null>;

  /** Names of all tables that begin with `prefix`. */
  list(prefix: string, signal: AbortSignal): Promise<string[]>;

  /**
   * Takes one user out of the table, sealed or not, and resolves with whether it held them: for a person who asks to
   * be forgotten, and for nothing else. Rejects with TableMissingError, and with UsageError for a reserved key.
   */
  eraseUser(table: string, userId: string, signal: AbortSignal): Promise<boolean>;

  /**
   * Resolves when the table is gone; one that is already gone is no error. Where the table is protected against
   * deletion, that protection is ended first: it is there for slips of a hand, not for what was decided.
   */
  delete(table: string, signal: AbortSignal): Promise<void>;

  /** Releases connections; may be called more than once. */
  close(): void;
}
