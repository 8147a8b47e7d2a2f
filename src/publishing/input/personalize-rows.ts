import { shown } from '../../domain/ids.ts';
import type { Columns } from './columns.ts';
import type { InputRow, TextSource } from './text-source.ts';
import { idText, jsonLines, scalarText } from './json-lines.ts';
import { rowFault } from './row-rules.ts';

/** The columns that a row of a Personalize record has. Its list is in the order to be shown, promotions included: RANK. */
export const PERSONALIZE_COLUMNS: Columns = {
  ...{ count: 4, entity: 0, class: 1, score: 2, rank: 3 },
  timestamp: undefined,
};

interface PersonalizeRecord {
  readonly input?: { readonly userId?: unknown } | null;
  readonly output?: { readonly recommendedItems?: unknown; readonly scores?: unknown } | null;
  readonly error?: unknown;
}

/**
 * The rows of what AWS Personalize's batch inference writes: a user a line, products and scores in two lists. A record
 * that it could not answer (`error`) is one bad row.
 */
export async function* personalizeRows({
  file,
  now,
}: Pick<TextSource, 'file' | 'now'>): AsyncGenerator<InputRow> {
  for await (const { record, line, text, value, fault } of jsonLines(file)) {
    const rows = value === undefined ? fault : readRecord(value, now);
    const about = { record, line, text: () => text };
    if (rows === undefined || typeof rows === 'string') {
      yield { ...about, fields: [], fault: rows ?? 'is not a record' };
      continue;
    }
    for (const row of rows) yield { ...about, ...row };
  }
}

/** The rows of a record, or what is wrong with all of it. */
function readRecord(
  { input, output, error }: PersonalizeRecord,
  now: number,
): Pick<InputRow, 'fields' | 'fault'>[] | string {
  if (error !== undefined && error !== null && error !== '')
    return `Personalize could not answer: ${shown(error)}`;
  const user = idText(input?.userId);
  if (user === undefined || user === '') return `input.userId ${shown(input?.userId)} is not an id`;
  const products: unknown = output?.recommendedItems;
  const scores: unknown = output?.scores;
  if (!Array.isArray(products)) return 'output.recommendedItems is not a list';
  if (!Array.isArray(scores)) return 'output.scores is not a list; topshelf needs a score for each product';
  if (products.length === 0) return 'output.recommendedItems is empty';
  if (products.length !== scores.length) {
    return `there are ${products.length} recommendedItems and ${scores.length} scores`;
  }
  return products.map((product, at) => {
    const id = idText(product);
    if (id === undefined)
      return { fields: [], fault: `product id ${shown(product)} is not text or a whole number` };
    const fields = [user, id, scalarText(scores[at]) ?? '', String(at + 1)];
    const fault = rowFault(fields, PERSONALIZE_COLUMNS, now);
    return { fields, ...(fault === undefined ? {} : { fault }) };
  });
}
