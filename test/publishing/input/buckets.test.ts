import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bucketBounds, bucketSql } from '../../../src/publishing/input/buckets.ts';
import { compareBytes } from '../../../src/publishing/byte-order.ts';

const MB = 1024 * 1024;
let database: DuckDBInstance;
beforeAll(async () => {
  database = await DuckDBInstance.create(':memory:');
});
afterAll(() => database.closeSync());

const users = Array.from(
  { length: 1000 },
  (_, at) => `${at % 3 ? '' : '\u{1F600}'}user's ${(at * 7919) % 1000}`,
);

it('cuts users into parts of a thirty-second of the memory limit', () => {
  expect(bucketBounds(users, 2 * MB, 64 * MB)).toEqual([]);
  const bounds = bucketBounds(users, 8 * MB, 64 * MB);
  expect(bounds).toHaveLength(3);
  const ordered = users.toSorted(compareBytes);
  expect(bounds).toEqual([250, 500, 750].map((at) => ordered[at]));
});

it('needs no good samples: none, a single user, ids that SQL cannot hold', () => {
  expect(bucketBounds([], 640 * MB, 64 * MB)).toEqual([]);
  expect(bucketBounds(['u', 'u', 'u'], 640 * MB, 64 * MB)).toEqual(['u']);
  expect(bucketBounds(['', 'a\0b', '\ud800'], 640 * MB, 64 * MB)).toEqual([]);
});

it('puts each user into the bucket that its bytes say', async () => {
  const bounds = bucketBounds(users, 28 * MB, 64 * MB);
  const connection = await database.connect();
  const sql = (text: string) => `('${text.replaceAll("'", "''")}')`;
  const found = await connection.runAndReadAll(
    `SELECT id, ${bucketSql('id', bounds)} FROM (VALUES ${users.map(sql).join(', ')}) AS t(id)`,
  );
  for (const [id, bucket] of found.getRows()) {
    const expected = bounds.filter((bound) => compareBytes(bound, String(id)) <= 0).length;
    expect([id, bucket]).toEqual([id, expected]);
  }
  connection.closeSync();
});
