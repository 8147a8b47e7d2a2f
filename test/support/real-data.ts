import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export type BundledDay = '2011-11-25' | '2011-12-07';

/** Where the bundled predictions of a day are. */
export function bundledFile(day: BundledDay): string {
  return fileURLToPath(new URL(`../../src/demo/data/predictions-${day}.csv.gz`, import.meta.url));
}

/** Each user's products of a day, by RANK: read by hand, as a second opinion on what the pipeline makes of the file. */
export function bundledRanking(day: BundledDay): Map<string, string[]> {
  const [header, ...rows] = gunzipSync(readFileSync(bundledFile(day)))
    .toString()
    .trim()
    .split('\r\n');
  if (header !== 'ENTITY,CLASS,SCORE,RANK') throw new Error(`unexpected header ${header}`);
  const ranking = new Map<string, string[]>();
  for (const row of rows) {
    const [userId = '', productId = '', , rank = ''] = row.split(',');
    const products = ranking.get(userId) ?? [];
    products[Number(rank) - 1] = productId;
    ranking.set(userId, products);
  }
  return ranking;
}
