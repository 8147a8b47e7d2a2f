export const FORMATS = ['csv', 'parquet', 'json', 'personalize'] as const;
/** `json` is one object a line with ENTITY, CLASS, SCORE; `personalize` is what AWS Personalize's batch inference writes. */
export type Format = (typeof FORMATS)[number];

/** The columns that topshelf reads, by its own names. */
export const COLUMN_NAMES = ['ENTITY', 'CLASS', 'SCORE', 'RANK', 'TIMESTAMP', 'ANCHOR_TIMESTAMP'] as const;
export type ColumnName = (typeof COLUMN_NAMES)[number];

/** How the input is to be understood, as far as somebody says so. */
export interface InputRequest {
  /** The format of all files; told from each one's content where it is not given. */
  readonly format?: Format;
  /** The names of the columns of CSV files that have no header. */
  readonly columns?: readonly string[];
  /** Other names in the files, by topshelf's own. */
  readonly map?: Readonly<Partial<Record<ColumnName, string>>>;
  /** Largest share of rows that may be bad, 0 to 1. */
  readonly maxRejects?: number;
  /** Where bad rows are written; a new file in the temporary folder unless given. */
  readonly rejectsPath?: string;
}

/** One bad row in a thousand is an accident of an export; more is a fault in it. */
export const DEFAULT_MAX_REJECTS = 0.001;
