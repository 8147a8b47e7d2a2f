import { BadInputError } from '../../domain/errors.ts';
import { shown } from '../../domain/ids.ts';
import { csvRecords, fieldText } from './csv-records.ts';
import type { InputFile } from './input-file.ts';

/** Where each of the columns that topshelf reads stands in a file, counted from 0. */
export interface Columns {
  readonly count: number;
  readonly entity: number;
  readonly class: number;
  readonly score: number;
  readonly rank: number | undefined;
  readonly timestamp: number | undefined;
}

/** The columns of a file by its header, names in any case. Throws BadInputError where one is missing or doubled. */
export async function readColumns(file: InputFile): Promise<Columns> {
  const names = await headerOf(file);
  const keys = names.map((name) => name.trim().toUpperCase());
  const found = `found ${names.map(shown).join(', ')}`;
  const find = (name: string): number | undefined => {
    const at = keys.indexOf(name);
    if (at !== keys.lastIndexOf(name)) {
      throw new BadInputError(`${file.path}: the header names column ${name} more than once; ${found}`);
    }
    return at < 0 ? undefined : at;
  };
  const [entity, product, score] = [find('ENTITY'), find('CLASS'), find('SCORE')];
  if (entity === undefined || product === undefined || score === undefined) {
    const missing = ['ENTITY', 'CLASS', 'SCORE'].filter((name) => !keys.includes(name));
    throw new BadInputError(
      `${file.path}: column ${missing.join(', ')} is missing; ${found}. The first record names the columns.`,
    );
  }
  // Kumo's anchor is the moment that the predictions are made for; a plain TIMESTAMP counts where there is none.
  const timestamp = find('ANCHOR_TIMESTAMP') ?? find('TIMESTAMP');
  return { count: names.length, entity, class: product, score, rank: find('RANK'), timestamp };
}

async function headerOf(file: InputFile): Promise<string[]> {
  const head = async function* () {
    yield file.head;
  };
  for await (const record of csvRecords(head())) {
    if (record.fault !== undefined) throw new BadInputError(`${file.path}: the header ${record.fault}`);
    return record.fields.map((field) => {
      const name = fieldText(field);
      if (name === undefined) throw new BadInputError(`${file.path}: the header is not valid UTF-8`);
      return name;
    });
  }
  throw new BadInputError(`${file.path}: no rows, not even a header`);
}
