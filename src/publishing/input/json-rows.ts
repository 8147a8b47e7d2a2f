import { BadInputError } from '../../domain/errors.ts';
import { shown } from '../../domain/ids.ts';
import { findColumns, type Columns } from './columns.ts';
import type { InputFile } from './input-file.ts';
import type { InputRequest } from './input-request.ts';
import type { InputRow, TextSource } from './text-source.ts';
import { idText, jsonLines, scalarText } from './json-lines.ts';
import { rowFault } from './row-rules.ts';

const OPTIONAL_COLUMNS = ['RANK', 'TIMESTAMP', 'ANCHOR_TIMESTAMP'] as const;

/**
 * The columns of a file of newline JSON: the keys of its first object, and those of optional columns that come up later.
 * Throws BadInputError where some are missing.
 */
export async function readJsonColumns(
  file: InputFile,
  { map }: InputRequest,
): Promise<{ names: readonly string[]; columns: Columns }> {
  const optional = new Set(OPTIONAL_COLUMNS.map((name) => (map?.[name] ?? name).trim().toUpperCase()));
  const names = new Set<string>();
  let first = true;
  for await (const { value } of jsonLines(file)) {
    if (value === undefined) continue;
    for (const name in value) {
      if (first || optional.has(name.trim().toUpperCase())) names.add(name);
    }
    first = false;
  }
  if (first) throw new BadInputError(`${file.path}: no rows: there is no JSON object in it`);
  return { names: [...names], columns: findColumns(file.path, [...names], map) };
}

/** The rows of a file of newline JSON in long form: one recommendation a line. */
export async function* jsonRows({
  file,
  names,
  columns,
  now,
}: Pick<TextSource, 'file' | 'names' | 'columns' | 'now'>): AsyncGenerator<InputRow> {
  for await (const { record, line, text, value, fault } of jsonLines(file)) {
    const row = value === undefined ? { fields: [], fault } : readObject(value, names, columns, now);
    yield {
      ...{ record, line, fields: row.fields },
      ...(row.fault === undefined ? {} : { fault: row.fault }),
      text: () => text,
    };
  }
}

function readObject(
  value: Readonly<Record<string, unknown>>,
  names: readonly string[],
  columns: Columns,
  now: number,
): { fields: readonly string[]; fault: string | undefined } {
  const fields: string[] = new Array<string>(columns.count).fill('');
  for (const [at, isId] of wanted(columns)) {
    const own = value[names[at] ?? ''];
    const text = isId ? idText(own) : scalarText(own);
    if (text === undefined) {
      const expected = isId ? 'text or a whole number below 2^53' : 'text or a number';
      return { fields: [], fault: `${names[at]} ${shown(own)} is not ${expected}` };
    }
    fields[at] = text;
  }
  return { fields, fault: rowFault(fields, columns, now) };
}

/** The columns to be read, and whether each holds ids. */
function wanted(columns: Columns): readonly (readonly [at: number, isId: boolean])[] {
  const { entity, class: product, score, rank, timestamp } = columns;
  const others = [score, rank, timestamp].filter((at) => at !== undefined);
  return [[entity, true], [product, true], ...others.map((at) => [at, false] as const)];
}
