import { BadInputError } from '../../domain/errors.ts';
import { findColumns, type Columns } from './columns.ts';
import { csvRecords, fieldText } from './csv-records.ts';
import type { InputFile } from './input-file.ts';
import type { InputRequest } from './input-request.ts';

/** The columns of a CSV file by its header, or by the names given for one that has none. Throws BadInputError. */
export async function readCsvColumns(
  file: InputFile,
  head: Buffer,
  { columns, map }: InputRequest,
): Promise<Columns> {
  const first = await firstRecord(file, head);
  if (columns === undefined) return findColumns(file.path, first, map);
  if (first.length === columns.length && first.every((name, at) => isSameName(name, columns[at]))) {
    throw new BadInputError(`${file.path}: the first record names the columns; leave --columns out`);
  }
  return findColumns(file.path, columns, map);
}

const isSameName = (a: string, b: string | undefined): boolean =>
  a.trim().toUpperCase() === b?.trim().toUpperCase();

async function firstRecord(file: InputFile, head: Buffer): Promise<string[]> {
  const start = async function* () {
    yield head;
  };
  for await (const record of csvRecords(start())) {
    if (record.fault !== undefined) throw new BadInputError(`${file.path}: the first record ${record.fault}`);
    return record.fields.map((field) => {
      const name = fieldText(field);
      if (name === undefined) throw new BadInputError(`${file.path}: the first record is not valid UTF-8`);
      return name;
    });
  }
  throw new BadInputError(`${file.path}: no rows, not even a header`);
}
