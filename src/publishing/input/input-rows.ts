import { csvRows } from './csv-rows.ts';
import { jsonRows } from './json-rows.ts';
import { personalizeRows } from './personalize-rows.ts';
import type { InputRow, TextSource } from './text-source.ts';

/** All rows of a file. Throws BadInputError where it cannot be told what its rows are. */
export function inputRows(source: TextSource): AsyncGenerator<InputRow> {
  switch (source.format) {
    case 'csv':
      return csvRows(source);
    case 'json':
      return jsonRows(source);
    case 'personalize':
      return personalizeRows(source);
  }
}
