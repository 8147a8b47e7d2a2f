import type { Archive } from '../archive/archive.ts';
import type { PointerSource } from '../pointer/pointer-source.ts';
import type { PointerWriter } from '../pointer/pointer-writer.ts';
import type { PointerSigning } from '../pointer/signature.ts';
import type { ImportParts } from './import-table/import-parts.ts';
import type { RemoteFiles } from './input/remote-files.ts';
import type { PredictionTables } from '../store/prediction-tables.ts';

/**
 * Everything the publishing commands work with. The composition root makes one for each command; tests make one of
 * adapters in memory. Functions take it, or the part they need, as their first argument.
 */
export interface PublisherContext {
  readonly pointers: PointerSource & PointerWriter;
  readonly tables: PredictionTables;
  readonly archive: Archive;
  /** Opens what `s3://` inputs come from, when there are any; without it there are local files alone. */
  readonly openRemoteFiles?: () => Promise<RemoteFiles>;
  /** What stands before `-<placement>-<version>` in the names of tables. */
  readonly tablePrefix: string;
  /** Most memory that reading the input may take, in bytes. */
  readonly memoryLimitBytes: number;
  /** Where large inputs spill to disk; made where it is missing. */
  readonly tempDir: string;
  /** A file of the gate's thresholds; the defaults where there is none. */
  readonly gateConfig?: string | undefined;
  /** Who runs the command, `user@host`: goes into pointers, records and manifests. */
  readonly actor: string;
  /** Opens the second engine with a bucket that the store can read; not there where the store imports nothing. */
  openImport?(location: { readonly bucket: string; readonly prefix: string }): Promise<ImportParts>;
  /** How pointers are signed, and which are believed; left out where they are not signed. */
  readonly signing?: PointerSigning | undefined;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Releases connections. */
  close(): Promise<void>;
}
