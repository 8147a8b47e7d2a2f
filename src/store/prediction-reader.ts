import type { Seal } from '../domain/seal.ts';

/** What the store holds for one user of one table. */
export type UserRead =
  | { readonly kind: 'found'; readonly items: string }
  | { readonly kind: 'absent' }
  /** The item has no text where the prediction should be. */
  | { readonly kind: 'unreadable' }
  /** Not read: the store took only part of the request. Says nothing about whether the user exists. */
  | { readonly kind: 'throttled' };

/** Most users of one read: the limit of BatchGetItem. */
export const MAX_USERS_PER_READ = 100;

/** Reads predictions for a server. It never retries by itself: whoever calls it owns the budget. */
export interface PredictionReader {
  /**
   * Resolves with an outcome for every one of `userIds` (1 to MAX_USERS_PER_READ, all different).
   * Rejects as soon as `signal` aborts (StoreTimeoutError), whatever the request behind it still does; else with
   * StoreThrottledError, TableMissingError or StoreError.
   */
  read(
    table: string,
    userIds: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, UserRead>>;

  /**
   * Resolves with the table's seal, strongly consistent, or null where the table has none. Rejects as `read` does,
   * and with StoreError where the item under the seal's key is not a seal.
   */
  readSeal(table: string, signal: AbortSignal): Promise<Seal | null>;

  /** Releases connections; may be called more than once. */
  close(): void;
}
