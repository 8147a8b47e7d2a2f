import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { decodeItems } from '../../src/domain/prediction.ts';
import { publish } from '../../src/publishing/publish.ts';
import { createPublisher, never } from './fixtures.ts';

const DAY = fileURLToPath(new URL('../../src/demo/data/predictions-2011-12-07.csv.gz', import.meta.url));

it('stores every user of a real day as the file has them, by rank', async () => {
  const expected = new Map<string, string[]>();
  for (const line of gunzipSync(await readFile(DAY))
    .toString()
    .trim()
    .split('\n')
    .slice(1)) {
    const [user = '', product = '', , rank] = line.split(',');
    const products = expected.get(user) ?? [];
    products[Number(rank) - 1] = product;
    expected.set(user, products);
  }
  expect(expected.size).toBe(4325);

  const publisher = createPublisher();
  const request = { placement: 'home', paths: [DAY], reason: 'daily' };
  const { loaded } = await publish(publisher, request, () => undefined, never);
  const users = [...expected.keys()];
  for (let at = 0; at < users.length; at += 100) {
    const stored = await publisher.tables.readBack(loaded.table, users.slice(at, at + 100), never);
    for (const [user, items] of stored) {
      expect(decodeItems(items).map(({ productId }) => productId)).toEqual(expected.get(user));
      // One write unit, half a read unit.
      expect(Buffer.byteLength(items) + user.length).toBeLessThan(1024);
    }
    expect(stored.size).toBe(Math.min(100, users.length - at));
  }
});
