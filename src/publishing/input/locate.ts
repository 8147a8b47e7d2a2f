import { BadInputError } from '../../domain/errors.ts';
import { shown } from '../../domain/ids.ts';
import type { Columns } from './columns.ts';
import { csvRecords, fieldText, type CsvRecord } from './csv-records.ts';
import { openContent, type InputFile } from './input-file.ts';
import { rowFault } from './row-rules.ts';

/**
 * The first record that must not be published, as the error to throw: DuckDB says that there is one, this says
 * which. Records are counted from 1 without the header and blank lines. `undefined` where all are fine.
 */
export async function locateBadRecord(
  files: readonly { readonly file: InputFile; readonly columns: Columns }[],
): Promise<BadInputError | undefined> {
  for (const { file, columns } of files) {
    let number = -1;
    let ending: CsvRecord['ending'] = '';
    for await (const record of csvRecords(openContent(file))) {
      number += 1;
      if (number === 0) {
        ending = record.ending;
        continue;
      }
      const fault = record.fault ?? faultOf(record, columns) ?? endingFault(record, ending);
      if (fault !== undefined) {
        return new BadInputError(`${file.path}: record ${number} (line ${record.line}): ${fault}`);
      }
    }
  }
  return undefined;
}

function faultOf(record: CsvRecord, columns: Columns): string | undefined {
  const texts: string[] = [];
  for (const field of record.fields) {
    const text = fieldText(field);
    if (text === undefined) return `${shown(field)} is not valid UTF-8`;
    texts.push(text);
  }
  return rowFault(texts, columns);
}

// DuckDB takes one kind of line ending a file.
function endingFault(record: CsvRecord, expected: CsvRecord['ending']): string | undefined {
  if (record.ending === expected || record.ending === '') return undefined;
  return `ends with ${shown(record.ending)}, the header with ${shown(expected)}; one file must have one line ending`;
}
