/**
 * The publishers' record: manifests, predictions as parquet, gate reports, activations. Every object is written once
 * and never changed, erasures aside; keys are `<placement>/versions/<version>/manifest.json` and the like, with `/` between parts.
 */
export interface Archive {
  /**
   * Stores `body` under `key` unless there is an object already: resolves with `exists` then, whatever it holds.
   * Rejects with UnreachableError.
   */
  putOnce(key: string, body: Uint8Array | string): Promise<'written' | 'exists'>;

  /** As `putOnce`, from a local file. */
  putFileOnce(key: string, path: string): Promise<'written' | 'exists'>;

  /**
   * The one exception to "written once": puts a local file in the place of an object that is there, for a person who
   * asks to be forgotten. Resolves with `absent`, and writes nothing, where there is no such object; the object is the
   * old or the new one at every moment. Rejects with UnreachableError, and with LostRaceError where another erasure
   * replaced it meanwhile.
   */
  replaceForErasure(key: string, path: string): Promise<'replaced' | 'absent'>;

  /** The object's bytes; null where there is none. Rejects with UnreachableError. */
  get(key: string): Promise<Uint8Array | null>;

  /** Copies the object to a local file; resolves with false where there is none. Rejects with UnreachableError. */
  getFile(key: string, path: string): Promise<boolean>;

  /** All keys that begin with `prefix`, sorted. Rejects with UnreachableError. */
  list(prefix: string): Promise<string[]>;

  /** Releases connections; may be called more than once. */
  close(): void;
}
