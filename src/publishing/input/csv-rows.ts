import { BadInputError } from '../../domain/errors.ts';
import { shown } from '../../domain/ids.ts';
import type { Columns } from './columns.ts';
import { csvRecords, fieldText, type CsvRecord } from './csv-records.ts';
import { openContent } from './input-file.ts';
import type { InputRow, TextSource } from './text-source.ts';
import { rowFault } from './row-rules.ts';
import { MAX_RECORD_BYTES } from './row-source.ts';

/** The rows of a CSV file. Throws BadInputError where a quote or a line ending leaves open where records begin. */
export async function* csvRows({
  file,
  columns,
  hasHeader,
  now,
}: Pick<TextSource, 'file' | 'columns' | 'hasHeader' | 'now'>): AsyncGenerator<InputRow> {
  let number = hasHeader ? -1 : 0;
  let ending: CsvRecord['ending'] | undefined;
  for await (const record of csvRecords(openContent(file))) {
    number += 1;
    ending ??= record.ending;
    if (number === 0) continue;
    const broken = record.fault ?? endingFault(record, ending);
    if (broken !== undefined) {
      throw new BadInputError(`${file.path}: record ${number} (line ${record.line}): ${broken}`);
    }
    const { fields, fault } = readFields(record, columns, now);
    yield {
      ...{ record: number, line: record.line, fields },
      ...(fault === undefined ? {} : { fault }),
      text: () => record.fields.map(asCsv).join(','),
    };
  }
}

function readFields(
  record: CsvRecord,
  columns: Columns,
  now: number,
): { fields: string[]; fault: string | undefined } {
  if (record.bytes > MAX_RECORD_BYTES) {
    return { fields: [], fault: `is ${record.bytes} bytes long; at most ${MAX_RECORD_BYTES} are allowed` };
  }
  const fields: string[] = [];
  for (const field of record.fields) {
    const text = fieldText(field);
    if (text === undefined) return { fields: [], fault: `${shown(field)} is not valid UTF-8` };
    fields.push(text);
  }
  return { fields, fault: rowFault(fields, columns, now) };
}

// DuckDB takes one kind of line ending a file.
function endingFault(record: CsvRecord, expected: CsvRecord['ending']): string | undefined {
  if (record.ending === expected || record.ending === '') return undefined;
  return `ends with ${shown(record.ending)}, the first record with ${shown(expected)}; one file must have one line ending`;
}

function asCsv(field: string): string {
  const text = Buffer.from(field, 'latin1').toString();
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
