/** A file in an object store, as its listing describes it. */
export interface RemoteFile {
  /** `s3://bucket/key`. */
  readonly url: string;
  readonly bytes: number;
  /** What the store calls this content of it; another content has another. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

/** Reads files from an object store: the port of `s3://` inputs. */
export interface RemoteFiles {
  /** Everything whose URL begins with `url`, in the order of their bytes. Rejects with UnreachableError. */
  list(url: string, signal: AbortSignal): Promise<RemoteFile[]>;
  /**
   * Copies the content that `file` describes to a local path. Rejects with BadInputError where the object has changed
   * or gone since it was listed, with UnreachableError where it cannot be read.
   */
  fetch(file: RemoteFile, path: string, signal: AbortSignal): Promise<void>;
  close(): void;
}
