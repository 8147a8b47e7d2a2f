import { InvalidArgumentError, Option, type Command } from 'commander';
import { messageOf, UsageError } from '../domain/errors.ts';
import { shown } from '../domain/ids.ts';
import { findColumns } from '../publishing/input/columns.ts';
import {
  COLUMN_NAMES,
  DEFAULT_MAX_REJECTS,
  FORMATS,
  type ColumnName,
  type InputRequest,
} from '../publishing/input/input-request.ts';

type Names = Partial<Record<ColumnName, string>>;

/** The flags that say how an input is to be understood, as commander hands them over. */
export interface InputFlags {
  readonly format?: InputRequest['format'];
  readonly columns?: string[];
  readonly map?: Names;
  readonly maxRejects: number;
  readonly rejects?: string;
}

export const INPUT_FILES =
  'CSV, Parquet or newline JSON with ENTITY, CLASS, SCORE; files, folders, quoted globs, s3://bucket/prefix';

/** Adds the options of the input to a command that reads predictions. */
export function withInputOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--format <name>', 'of all files (told from their content unless given)').choices(FORMATS),
    )
    .addOption(
      new Option('--columns <names>', 'of CSV without a header: ENTITY,CLASS,SCORE').argParser(parseColumns),
    )
    .addOption(
      new Option(
        '--map <NAME=column>',
        'another name in the files, such as ENTITY=customer_id; repeatable',
      ).argParser(parseMap),
    )
    .addOption(
      new Option('--max-rejects <share>', 'largest share of bad rows to leave out: 0.001 or 0.1%')
        .default(DEFAULT_MAX_REJECTS, '0.1%')
        .argParser(parseShare),
    )
    .option('--rejects <path>', 'where bad rows are written (a new file in TOPSHELF_TEMP_DIR unless given)');
}

/** What the flags say about the input, in publishing's words. Throws UsageError where they do not fit together. */
export function inputRequest({ format, columns, map, maxRejects, rejects }: InputFlags): InputRequest {
  if (columns !== undefined) assertComplete(columns, map);
  return {
    maxRejects,
    ...(format === undefined ? {} : { format }),
    ...(columns === undefined ? {} : { columns }),
    ...(map === undefined ? {} : { map }),
    ...(rejects === undefined ? {} : { rejectsPath: rejects }),
  };
}

/** What is wrong with names that somebody typed is wrong before any file is read. */
function assertComplete(columns: readonly string[], map: Names | undefined): void {
  try {
    findColumns(`--columns ${columns.join(',')}`, columns, map);
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
}

function parseColumns(text: string, previous?: string[]): string[] {
  if (previous !== undefined) {
    throw new InvalidArgumentError('it is given twice; all files of one command have the same columns.');
  }
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new InvalidArgumentError(
    `${shown(text)} has an empty name; give columns to be left out any name, such as _.`,
  );
}

function parseMap(text: string, previous: Names = {}): Names {
  const [, given = '', column = ''] = /^\s*([^=]+?)\s*=\s*(.+?)\s*$/.exec(text) ?? [];
  const name = COLUMN_NAMES.find((known) => known === given.toUpperCase());
  if (name === undefined) {
    throw new InvalidArgumentError(
      `${shown(text)} is not NAME=column, NAME being one of ${COLUMN_NAMES.join(', ')}.`,
    );
  }
  if (previous[name] !== undefined) {
    throw new InvalidArgumentError(`${name} is mapped to ${shown(previous[name])} already.`);
  }
  return { ...previous, [name]: column };
}

function parseShare(text: string): number {
  const [, digits, sign] = /^(\d+(?:\.\d+)?|\.\d+)\s*(%?)$/.exec(text.trim()) ?? [];
  // Read as one decimal number: divided by 100, 0.7 is a little less than 0.007.
  const share = digits === undefined ? NaN : Number(`${digits}${sign === '%' ? 'e-2' : ''}`);
  if (share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError(`${shown(text)} is not a share from 0 to 1, nor from 0% to 100%.`);
}
