/**
 * What one writes in an afternoon, to compare with: csv-parse, a Map of users, sort, JSON. It holds everything in memory
 * and checks nothing. `node bench/plain-script.ts FILES` prints the users it made and the seconds it took.
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';

const KEEP = 20;
const startedAt = performance.now();
const users = new Map<string, { productId: string; score: number }[]>();
let rows = 0;
for (const path of process.argv.slice(2)) {
  const records = createReadStream(path)
    .pipe(createGunzip())
    .pipe(parse({ columns: true }));
  for await (const { ENTITY, CLASS, SCORE } of records as AsyncIterable<Record<string, string>>) {
    const own = users.get(ENTITY!);
    const row = { productId: CLASS!, score: Number(SCORE) };
    if (own === undefined) users.set(ENTITY!, [row]);
    else own.push(row);
    rows += 1;
  }
}
let characters = 0;
for (const own of users.values()) {
  own.sort((a, b) => b.score - a.score);
  characters += JSON.stringify(own.slice(0, KEEP).map(({ productId, score }) => [productId, score])).length;
}
console.log(
  JSON.stringify({ rows, users: users.size, characters, seconds: (performance.now() - startedAt) / 1000 }),
);
