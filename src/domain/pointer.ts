import type { RankedPair } from './prediction.ts';

/** Largest pointer, in bytes. */
export const MAX_POINTER_BYTES = 64 * 1024;
/** Most blocked products of a placement. */
export const MAX_BLOCKED = 200;
/** Most entries of `quarantined` and of `retired`; the newest are kept. */
export const MAX_LISTED = 20;
/** Most popular products in a pointer or seal. */
export const MAX_POPULAR = 20;
/** Longest reason and longest name of an actor, in characters: twenty quarantined versions must fit into a pointer. */
export const MAX_REASON_CHARACTERS = 500;
export const MAX_ACTOR_CHARACTERS = 200;

/** Stands for the content hash of a table that has no seal. */
export const UNSEALED_HASH = 'unsealed';

/** Scheduled activations stop while there is one. */
export interface Hold {
  readonly since: string;
  readonly by: string;
  readonly reason: string;
}

/** The gate was passed over once, by whom and why. */
export interface Override {
  readonly by: string;
  readonly reason: string;
}

/** A version, and its content under any other id, that may not be activated again. */
export interface Quarantined {
  readonly version: string;
  readonly contentHash: string;
  readonly at: string;
  readonly by: string;
  readonly reason: string;
}

/** Says that the holder of a private key wrote the rest of the pointer. */
export interface PointerSignature {
  /** Tells the key among several: the first 16 hex digits of the SHA-256 of the public key (DER). */
  readonly keyId: string;
  /** Ed25519, base64. */
  readonly value: string;
}

/** The one mutable object of a placement: which version is live. Every write of it is a new, higher epoch. */
export interface Pointer {
  readonly schemaVersion: 1;
  readonly placement: string;
  /** 1 or more; 0 only where nothing but a bare table name has ever been live. */
  readonly epoch: number;
  /** Tells a writer that reads its own write back that it won. */
  readonly writeId: string;
  readonly version: string;
  readonly table: string;
  readonly contentHash: string;
  readonly generatedAt: string;
  readonly activatedAt: string;
  readonly activatedBy: string;
  readonly reason: string;
  readonly override: Override | null;
  readonly hold: Hold | null;
  readonly quarantined: readonly Quarantined[];
  /** Versions that pruning is about to delete: no rollback may choose them. */
  readonly retired: readonly string[];
  readonly blocked: readonly string[];
  readonly popular: readonly RankedPair[];
  /** Of this epoch's content; not there where pointers are not signed. */
  readonly signature?: PointerSignature;
}

/** What a pointer object may hold: topshelf's own form, or a bare table name that somebody wrote by hand. */
export type PointerContent =
  | { readonly kind: 'pointer'; readonly pointer: Pointer; readonly checksum: string }
  | { readonly kind: 'bare'; readonly table: string };

/** Whether two pointers name the same version, by id, table and content. */
export function isSameVersion(a: Pointer, b: Pointer): boolean {
  return a.version === b.version && a.table === b.table && a.contentHash === b.contentHash;
}
