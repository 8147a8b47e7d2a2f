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
   * asks to be forgotten, if it still is what `getFile` copied when it resolved with `state`. The object is the old or
   * the new one at every moment. Rejects with LostRaceError, and writes nothing, where the object is another one by now,
   * as after another erasure, or gone: what was made of the copy would bring back what it lost meanwhile.
   */
  replaceForErasure(
    key: string,
    replacement: { readonly path: string; readonly state: string },
    signal: AbortSignal,
  ): Promise<void>;

  /** The object's bytes; null where there is none. */
  get(key: string, signal: AbortSignal): Promise<Uint8Array | null>;

  /**
   * Copies the object to a local file; resolves with null where there is none, else with what tells this state of the
   * object from every other, and says nothing besides.
   */
  getFile(key: string, path: string, signal: AbortSignal): Promise<string | null>;

  /** All keys that begin with `prefix`, sorted. */
  list(prefix: string, signal: AbortSignal): Promise<string[]>;

  /** What the keys' first parts are, each once, sorted: told without looking at everything below them. */
  listFolders(signal: AbortSignal): Promise<string[]>;

  /** Releases connections; may be called more than once. */
  close(): void;
}
