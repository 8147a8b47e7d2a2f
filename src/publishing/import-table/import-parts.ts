import type { Archive } from '../../archive/archive.ts';
import type { TableImporter } from '../../store/table-importer.ts';

/** What the second engine works with: a place in S3 that the store can read, and the store's import. */
export interface ImportParts {
  readonly importer: TableImporter;
  /** The bucket, below the prefix. */
  readonly objects: Archive;
  readonly bucket: string;
  /** What stands before every key, without slashes at its ends; may be empty. */
  readonly prefix: string;
  /** Time between two looks at an import, in milliseconds. */
  readonly pollMs: number;
}
