import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';

/** The titles of a catalogue's products, from a CSV file with the columns `productId` and `title`. */
export async function readTitles(path: string | URL): Promise<Map<string, string>> {
  const rows = parse<{ productId: string; title: string }>(await readFile(path), { columns: true });
  return new Map(rows.map(({ productId, title }) => [productId, title]));
}
