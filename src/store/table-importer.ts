/** Where an import reads: every object of the bucket whose key begins with the prefix. */
export interface ImportSource {
  readonly bucket: string;
  readonly prefix: string;
}

/** How an import stands. */
export interface ImportState {
  readonly status: 'running' | 'completed' | 'failed';
  readonly importedItems: number;
  /** Items that the store could not take; it goes on without them. */
  readonly errors: number;
  /** What the store says of a failure; empty where it says nothing. */
  readonly failure: string;
}

/** Has the store make a table out of objects in S3, for batches too large to be written item by item. */
export interface TableImporter {
  /**
   * Begins an import of gzipped DynamoDB JSON into the new, on-demand `table` and resolves with what it is called. The
   * same token again names the same import for eight hours. Rejects with StoreError where the table exists.
   */
  start(table: string, source: ImportSource, token: string, signal: AbortSignal): Promise<string>;

  /** How the import called `name` stands. */
  describe(name: string, signal: AbortSignal): Promise<ImportState>;

  /** Releases connections; may be called more than once. */
  close(): void;
}
