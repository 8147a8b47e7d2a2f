import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { estimate, itemBytes } from '../../src/publishing/estimate.ts';
import { createFolder, createPublisher, csv, never } from './fixtures.ts';

let folder: Awaited<ReturnType<typeof createFolder>>;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(() => folder.remove());

const quiet = () => undefined;

describe('an estimate', () => {
  it('counts items, bytes and write units as DynamoDB does, and writes nothing', async () => {
    const publisher = createPublisher();
    // 6 + 1 + 5 + 11 bytes for a small item; 30 products of long names make one that is more than one unit.
    const long = Array.from({ length: 20 }, (_, at) => ['é', `${'x'.repeat(60)}${at + 10}`, 0.5]);
    const path = await folder.file(csv([['a', 'p', 0.25], ...long]));
    const found = await estimate(publisher, { placement: 'home', paths: [path] }, quiet, never);
    const bytes = 6 + 1 + 5 + '[["p",0.25]]'.length + (6 + 2 + 5 + 20 * 70 + 19 + 2);
    expect(found).toMatchObject({ items: 2, rows: 21, bytes, writeUnits: 1 + 2 });
    expect(found.dollars.write).toBeCloseTo((3 * 0.625) / 1e6, 12);
    expect(found.dollars.storagePerMonth).toBeCloseTo(((bytes + 200) / 2 ** 30) * 0.25, 12);
    expect(await publisher.tables.list('', never)).toEqual([]);
    expect(await publisher.archive.list('', never)).toEqual([]);
  });

  it('counts an import by the objects that it is made of, uncompressed', async () => {
    const path = await folder.file(csv([['a', 'p', 0.25]]));
    const request = { placement: 'home', paths: [path] };
    const { dollars } = await estimate(createPublisher(), request, quiet, never);
    const object = '{"Item":{"userId":{"S":"a"},"items":{"S":"[[\\"p\\",0.25]]"}}}\n';
    expect(dollars.import).toBeCloseTo((object.length / 2 ** 30) * 0.15, 15);
  });

  it('refuses what a load refuses', async () => {
    const path = await folder.file(csv([['a', 'p', 'NaN']]));
    const request = { placement: 'home', paths: [path] };
    await expect(estimate(createPublisher(), request, quiet, never)).rejects.toMatchObject({
      code: 'bad-input',
    });
  });

  it.each([
    ['a', '[]', 14],
    ['漢', '[["é",1]]', 6 + 3 + 5 + 10],
  ])('takes user %s with %s for %i bytes', (userId, items, bytes) => {
    expect(itemBytes({ userId, items })).toBe(bytes);
  });
});
