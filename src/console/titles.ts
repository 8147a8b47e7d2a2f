import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { BadInputError, messageOf } from '../domain/errors.ts';

/** Product titles by id. */
export type Titles = ReadonlyMap<string, string>;

/**
 * Reads product titles from a CSV file with a header that names `productId` and `title`; other columns are passed over.
 * Throws BadInputError, which names the file, where it cannot be read or has no such columns.
 */
export async function readTitles(path: string): Promise<Titles> {
  try {
    const [header = [], ...rows] = parse(await readFile(path), { bom: true, skip_empty_lines: true });
    const [id, title] = [header.indexOf('productId'), header.indexOf('title')];
    if (id < 0 || title < 0) {
      throw new Error(`its header must name productId and title, got ${header.join(',')}`);
    }
    return new Map(rows.map((row) => [row[id] ?? '', row[title] ?? '']));
  } catch (error) {
    throw new BadInputError(`the catalogue ${path} cannot be used: ${messageOf(error)}`, { cause: error });
  }
}

/** The titles of these products, where there are any, as JSON can hold them. */
export function titlesOf(titles: Titles, productIds: Iterable<string>): Record<string, string> {
  const found = [...productIds].flatMap((id) => {
    const title = titles.get(id);
    return title === undefined ? [] : [[id, title] as const];
  });
  return Object.fromEntries(found);
}
