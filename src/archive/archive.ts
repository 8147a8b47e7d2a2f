/**
 * The publishers' record: manifests, predictions as parquet, gate reports, activations. Every object is written once
 * and never changed, erasures aside; keys are `<placement>/versions/<version>/manifest.json` and the like, with `/` between parts.
 * Every method rejects with UnreachableError where the store fails or does not answer, and when its signal aborts: what
 * was begun to be written is there whole then, or not at all.
 */
export interface Archive {
  /**
   * Stores `body` under `key` unless there is an object already: resolves with `exists` then, whatever it holds.
   */
  putOnce(key: string, body: Uint8Array | string, signal: AbortSignal): Promise<'written' | 'exists'>;

  /** As `putOnce`, from a local file. */
  putFileOnce(key: string, path: string, signal: AbortSignal): Promise<'written' | 'exists'>;

  /**
   * The one exception to "written once": puts a local file in the place of an object that is there, for a person who
   * asks to be forgotten. Resolves with `absent`, and writes nothing, where there is no such object; the object is the
   * old or the new one at every moment. Rejects with LostRaceError where another erasure replaced it meanwhile.
   */
  replaceForErasure(key: string, path: string, signal: AbortSignal): Promise<'replaced' | 'absent'>;

  /** The object's bytes; null where there is none. */
  get(key: string, signal: AbortSignal): Promise<Uint8Array | null>;

  /** Copies the object to a local file; resolves with false where there is none. */
  getFile(key: string, path: string, signal: AbortSignal): Promise<boolean>;

  /** All keys that begin with `prefix`, sorted. */
  list(prefix: string, signal: AbortSignal): Promise<string[]>;

  /** What the keys' first parts are, each once, sorted: told without looking at everything below them. */
  listFolders(signal: AbortSignal): Promise<string[]>;

  /** Releases connections; may be called more than once. */
  close(): void;
}
