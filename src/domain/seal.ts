import type { RankedPair } from './prediction.ts';

/** The reserved key of the seal's item. */
export const SEAL_KEY = '#seal';

/** The reserved key of the item that says how far a load has come. */
export const PROGRESS_KEY = '#progress';

/** The item a loader writes last: it proves that the table is complete, and which version it is. */
export interface Seal {
  readonly schemaVersion: 1;
  readonly placement: string;
  readonly version: string;
  /** How many users the table holds, the seal not counted. */
  readonly users: number;
  /** `sha256:` and the hash over `userId NUL items LF`, users in byte order. */
  readonly contentHash: string;
  /** When the model made the predictions, ISO 8601. */
  readonly generatedAt: string;
  /** What users without a prediction get: the products in most users' first five, with the share of users. */
  readonly popular: readonly RankedPair[];
}
