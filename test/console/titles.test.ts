import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTitles } from '../../src/console/titles.ts';
import { createFolder } from '../publishing/fixtures.ts';

let folder: Awaited<ReturnType<typeof createFolder>>;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(() => folder.remove());

describe('a catalogue', () => {
  it('gives the titles of a real shop', async () => {
    const titles = await readTitles(fileURLToPath(new URL('../data/products.csv', import.meta.url)));
    expect(titles.size).toBe(3659);
    expect(titles.get('10080')).toBe('GROOVY CACTUS INFLATABLE');
  });

  it('may have its columns in any order, quotes, a byte order mark and empty lines', async () => {
    const path = await folder.file('\ufefftitle,price,productId\r\n"MUG, ""BIG""",1,00123\r\n\r\n');
    expect([...(await readTitles(path))]).toEqual([['00123', 'MUG, "BIG"']]);
  });

  it.each([
    ['sku,name\n1,MUG\n', 'its header must name productId and title, got sku,name'],
    ['', 'its header must name productId and title'],
    ['productId,title\n1,MUG,2\n', 'Invalid Record Length'],
  ])('is refused by name where it is none: %j', async (text, why) => {
    const path = await folder.file(text);
    await expect(readTitles(path)).rejects.toThrow(path);
    await expect(readTitles(path)).rejects.toThrow(why);
    await expect(readTitles('/nowhere.csv')).rejects.toMatchObject({ code: 'bad-input' });
  });
});
