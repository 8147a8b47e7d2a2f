/** What the store uses to tell one state of a pointer object from the next: S3's ETag, a znode's version, … Opaque. */
export type PointerToken = string;

/** One look at a placement's pointer object. */
export type PointerReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'found'; readonly content: Uint8Array; readonly token: PointerToken };

/** The reading half of a pointer store. A server needs no more than this, and knows no more. */
export interface PointerSource {
  /**
   * Resolves with what is stored now, or `unchanged` where the object still has the token `unlessToken`.
   * Content is returned as it is, however malformed, but never more than MAX_POINTER_BYTES + 1 bytes of it.
   * Rejects with UnreachableError when the store does not answer, refuses, or `signal` aborts: never with `absent`.
   */
  read(placement: string, signal: AbortSignal, unlessToken?: PointerToken): Promise<PointerReading>;

  /** Every placement that has a pointer object, in any order. Rejects with UnreachableError as `read` does. */
  listPlacements(signal: AbortSignal): Promise<string[]>;

  /**
   * Calls `onHint` when the pointer may have changed, as soon as the store says so. Only a hint: it may come late,
   * twice or never, so whoever watches also polls. Returns the function that stops the watch.
   * Stores that cannot tell never call it.
   */
  watch(placement: string, onHint: () => void): () => void;

  /** Releases connections, timers and watches; may be called more than once. Later reads reject. */
  close(): Promise<void>;
}
