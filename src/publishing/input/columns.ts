import { BadInputError } from '../../domain/errors.ts';
import { shown } from '../../domain/ids.ts';
import type { ColumnName, InputRequest } from './input-request.ts';

/** Where each of the columns that topshelf reads stands in a file, counted from 0. */
export interface Columns {
  readonly count: number;
  readonly entity: number;
  readonly class: number;
  readonly score: number;
  readonly rank: number | undefined;
  readonly timestamp: number | undefined;
}

/**
 * The columns among a file's names, in any case, by topshelf's names or those that `map` gives. Throws BadInputError
 * where one is missing or doubled.
 */
export function findColumns(path: string, names: readonly string[], map: InputRequest['map'] = {}): Columns {
  const keys = names.map((name) => name.trim().toUpperCase());
  const found = `found ${names.map(shown).join(', ')}`;
  const wanted = (name: ColumnName): string => map[name] ?? name;
  const find = (name: ColumnName): number | undefined => {
    const key = wanted(name).trim().toUpperCase();
    const at = keys.indexOf(key);
    if (at !== keys.lastIndexOf(key)) {
      throw new BadInputError(`${path} names column ${wanted(name)} more than once; ${found}`);
    }
    // A name that somebody gave is meant to be there; a name of topshelf's own may be.
    if (at < 0 && map[name] !== undefined) {
      throw new BadInputError(
        `${path}: column ${wanted(name)} is missing, which ${name} is mapped to; ${found}`,
      );
    }
    return at < 0 ? undefined : at;
  };
  const [entity, product, score] = [find('ENTITY'), find('CLASS'), find('SCORE')];
  if (entity === undefined || product === undefined || score === undefined) {
    const missing = [entity ?? 'ENTITY', product ?? 'CLASS', score ?? 'SCORE'].filter(
      (at) => typeof at === 'string',
    );
    throw new BadInputError(
      `${path}: column ${missing.join(', ')} is missing; ${found}. ` +
        'Say which columns they are: --map ENTITY=customer_id, or --columns for CSV without a header.',
    );
  }
  const rank = find('RANK');
  const used = [entity, product, score, rank].filter((at) => at !== undefined);
  const doubled = used.find((at, index) => used.indexOf(at) < index);
  if (doubled !== undefined) {
    throw new BadInputError(
      `${path}: column ${names[doubled]} would be two of ENTITY, CLASS, SCORE and RANK at once; ` +
        `${found}. Say with --map which column each of them is.`,
    );
  }
  // Kumo's anchor is the moment that the predictions are made for; a plain TIMESTAMP counts where there is none.
  const timestamp = find('ANCHOR_TIMESTAMP') ?? find('TIMESTAMP');
  return { count: names.length, entity, class: product, score, rank, timestamp };
}
