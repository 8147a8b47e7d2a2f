import type { Columns } from './columns.ts';
import type { InputFile } from './input-file.ts';

/** One row of a file, read in TypeScript: slower than DuckDB, and able to say which record is wrong and why. */
export interface InputRow {
  /** Records are counted from 1, a header and blank lines left out. */
  readonly record: number;
  /** The line that the record begins on, the file's first being 1. */
  readonly line: number;
  /** The values in the order of the file's columns. */
  readonly fields: readonly string[];
  /** What is wrong with it, in words that follow "record 7 (line 8): …". */
  readonly fault?: string;
  /** The record as text, for people. */
  readonly text: () => string;
}

/** A file whose rows can be read one after the other. */
export interface TextSource {
  readonly format: 'csv' | 'json' | 'personalize';
  readonly file: InputFile;
  readonly columns: Columns;
  /** Whether a CSV file's first record names the columns. */
  readonly hasHeader: boolean;
  /** The file's own names of the columns; JSON objects are looked up by them. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch: no timestamp may be far ahead of it. */
  readonly now: number;
}
