/**
 * Writes predictions to measure with: `node bench/generate-predictions.ts FOLDER [USERS] [SEED]`. Each user has 20 rows;
 * the rows lie unsorted over 8 gzip files. The same arguments give the same rows. Memory does not grow with USERS.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { createGzip } from 'node:zlib';

export const ROWS_PER_USER = 20;
const PRODUCTS = 50_000;
const FILES = 8;
const FLUSH_CHARACTERS = 256 * 1024;

/** Generates `users` × 20 rows into `folder`; resolves with the paths of its 8 files. */
export async function generatePredictions(folder: string, users: number, seed = 1): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const rows = users * ROWS_PER_USER;
  const step = coprimeStep(rows, seed);
  const draw = createZipf();
  const paths: string[] = [];
  for (let file = 0; file < FILES; file++) {
    const path = join(folder, `predictions-${file}.csv.gz`);
    paths.push(path);
    const gzip = createGzip({ level: 1 });
    const written = finished(gzip.pipe(createWriteStream(path)));
    let text = 'ENTITY,CLASS,SCORE\n';
    for (let at = file; at < rows; at += FILES) {
      // A walk over all rows in steps that have no divisor in common with their number meets each row once.
      const row = (at * step + seed) % rows;
      const user = Math.floor(row / ROWS_PER_USER);
      const place = row % ROWS_PER_USER;
      const product = draw(place, mix(row, seed));
      const score = (1 + Math.floor(mix(row, seed + 1) * 49_999)) / 50_000 / (1 + place);
      text += `${10_000_000 + user},P${100_000 + product},${score.toFixed(6)}\n`;
      if (text.length < FLUSH_CHARACTERS) continue;
      if (!gzip.write(text)) await once(gzip, 'drain');
      text = '';
    }
    gzip.end(text);
    await written;
  }
  return paths;
}

/**
 * Draws a product by Zipf's law (weight 1/rank over 50,000 ranks). A user's products must differ, so each of the 20
 * places draws from its own twentieth of the ranks: 1, 21, 41 … for the first.
 */
function createZipf(): (place: number, chance: number) => number {
  const shares = Array.from({ length: ROWS_PER_USER }, (_, place) => {
    const sums = new Float64Array(PRODUCTS / ROWS_PER_USER);
    let sum = 0;
    for (let at = 0; at < sums.length; at++) sums[at] = sum += 1 / (place + 1 + at * ROWS_PER_USER);
    return sums.map((part) => part / sum);
  });
  return (place, chance) => {
    const sums = shares[place]!;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < chance) low = middle + 1;
      else high = middle;
    }
    return place + low * ROWS_PER_USER;
  };
}

/** A number from 0 to below 1 that depends on nothing but its arguments (the finalizer of MurmurHash3). */
function mix(value: number, seed: number): number {
  let bits = Math.imul(value, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}

/** About 0.618 of `rows`, so that neighbours in a file are far apart; small enough that products of both stay exact. */
function coprimeStep(rows: number, seed: number): number {
  const greatest = (a: number, b: number): number => (b === 0 ? a : greatest(b, a % b));
  let step = Math.max(1, Math.min(Math.floor(rows * 0.618) + seed, Math.floor(2 ** 52 / rows)));
  while (greatest(step, rows) !== 1) step += 1;
  return step;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder, users = '100000', seed = '1'] = process.argv.slice(2);
  if (folder === undefined)
    throw new Error('usage: node bench/generate-predictions.ts FOLDER [USERS] [SEED]');
  for (const path of await generatePredictions(folder, Number(users), Number(seed)))
    process.stdout.write(`${path}\n`);
}
