import { symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadInputError, UsageError } from '../../../src/domain/errors.ts';
import { identifyCatalogue } from '../../../src/publishing/check/catalogue.ts';
import { check } from '../../../src/publishing/check/check.ts';
import { load } from '../../../src/publishing/load.ts';
import { batch, createFolder, createPublisher, csv, gzip, never, type TestPublisher } from '../fixtures.ts';

const REAL = fileURLToPath(new URL('../../data/products.csv', import.meta.url));
const placement = 'home';
let folder: Awaited<ReturnType<typeof createFolder>>;
let publisher: TestPublisher;
let version: string;
beforeAll(async () => {
  folder = await createFolder();
  publisher = createPublisher();
  const request = { placement, paths: [await folder.file(batch(9))] };
  ({ version } = await load(publisher, request, () => undefined, never));
});
afterAll(() => folder.remove());

const checkWith = (catalogue: string, catalogueColumn?: string) =>
  check(publisher, { placement, version, catalogue, catalogueColumn }, never);
const unknownIn = async (...options: Parameters<typeof checkWith>) =>
  (await checkWith(...options)).checks.find(({ name }) => name === 'unknown-products')?.measured;

const ids = [...Array.from({ length: 9 }, (_, at) => `product-${at}`), 'sixth-0'];

describe('a catalogue', () => {
  it('gives the products that may be shown, in its first column', async () => {
    expect(
      await unknownIn(await folder.file(`id,title\n${ids.map((id) => `${id},"a, b"\n`).join('')}`)),
    ).toBe(0);
    const without = await folder.file(`id\n${ids.slice(0, 9).join('\n')}\n`);
    expect(await unknownIn(without)).toBeCloseTo(1 / 6, 9);
  });

  it('has the check name the products it lacks, the most frequent first', async () => {
    const rows = ['f', 'b', 'a', 'c', 'e', 'd', 'g', 'known'].flatMap((product, at) =>
      ['u', 'v', 'w'].slice(0, product === 'g' ? 3 : 2).map((user) => [user, product, 10 - at]),
    );
    const request = { placement: 'cart', paths: [await folder.file(csv(rows))] };
    const loaded = await load(publisher, request, () => undefined, never);
    const catalogue = await folder.file('id\nknown\n');
    const asked = { placement: 'cart', version: loaded.version, catalogue };
    const { checks, measurements } = await check(publisher, asked, never);
    expect(measurements.candidate).toMatchObject({
      measures: { unknownProducts: ['g', 'a', 'b', 'c', 'd'] },
    });
    expect(checks.find(({ name }) => name === 'unknown-products')?.message).toBe(
      '88.24 % of rows name products that are not in the catalogue, such as "g", "a", "b", "c", "d"; at most 1 % allowed',
    );
  });

  it('gives them in the column that is named', async () => {
    const path = await folder.file(`title,sku\n${ids.map((id) => `x,${id}\n`).join('')}`);
    expect(await unknownIn(path, 'sku')).toBe(0);
    expect(await unknownIn(path)).toBe(1);
    await expect(checkWith(path, 'SKU')).rejects.toThrow('no column "SKU"; its columns are title, sku');
  });

  it('must be a regular file: it is read more than once', async () => {
    await expect(checkWith('/dev/zero')).rejects.toThrow('/dev/zero is a device, not a regular file');
  });

  it('of any size is read no further once the command is interrupted', async () => {
    const catalogue = await folder.file('id\n', 'large.csv');
    await truncate(catalogue, 4 * 1024 ** 3);
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopped by SIGINT')), 20);
    const attempt = identifyCatalogue({ catalogue, catalogueColumn: undefined }, stop.signal);
    await expect(attempt).rejects.toThrow('stopped by SIGINT');
  });

  it('may be gzip, and have any name', async () => {
    const path = await folder.file(gzip(`id\n${ids.join('\n')}\n`), "cata*logue ' [1].csv.gz");
    expect(await unknownIn(path)).toBe(0);
    const link = join(folder.path, 'linked.csv');
    await symlink(REAL, link);
    expect(await unknownIn(link)).toBe(1);
  });

  it('is gzip by its content, whatever its name, and refused where it is not whole', async () => {
    const packed = gzip(`id\n${ids.join('\n')}\n`);
    expect(await unknownIn(await folder.file(packed, 'packed.csv'))).toBe(0);
    expect(await unknownIn(await folder.file(`id\n${ids.join('\n')}\n`, 'plain.csv.gz'))).toBe(0);
    const long = gzip(`id\n${Array.from({ length: 5000 }, (_, at) => `${at}-${Math.sin(at)}\n`).join('')}`);
    for (const length of [long.length - 1, long.length - 8, long.length >> 1]) {
      const attempt = checkWith(await folder.file(long.subarray(0, length), 'cut.csv.gz'));
      await expect(attempt).rejects.toBeInstanceOf(BadInputError);
      await expect(attempt).rejects.toThrow('cut.csv.gz is a truncated gzip file');
    }
  });

  it('that cannot be read is named as it was given', async () => {
    const path = await folder.file(Buffer.from('id\n\xff\xfe\n', 'latin1'), 'latin.csv');
    const error = await checkWith(path).catch((caught: unknown) => caught as Error);
    expect((error as Error).message).toContain(`the catalogue ${path} cannot be used`);
    expect((error as Error).message).not.toContain('topshelf-load-');
  });

  it('keeps ids as they are: 00123 is not 123', async () => {
    const paths = [await folder.file(`ENTITY,CLASS,SCORE\nu,00123,1\nu,1e3,0.5\n`)];
    const { version: numeric } = await load(publisher, { placement, paths }, () => undefined, never);
    const catalogue = await folder.file('id\n123\n1000\n');
    const report = await check(publisher, { placement, version: numeric, catalogue }, never);
    expect(report.checks.find(({ name }) => name === 'unknown-products')?.measured).toBe(1);
  });

  it('is named in the report by its hash', async () => {
    expect((await checkWith(REAL)).catalogue).toEqual({
      file: 'products.csv',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      column: null,
    });
  });

  it.each([
    ['id\n', 'it has no products'],
    ['', 'it has no products'],
    ['id,title\n"unclosed,x\n', 'cannot be used: Invalid Input Error'],
  ])('%j is refused', async (content, why) => {
    const attempt = checkWith(await folder.file(content));
    await expect(attempt).rejects.toBeInstanceOf(BadInputError);
    await expect(attempt).rejects.toThrow(why);
  });

  it('must be there where it is named, and be named where its column is', async () => {
    await expect(checkWith('/nowhere/products.csv')).rejects.toBeInstanceOf(BadInputError);
    const attempt = check(publisher, { placement, version, catalogueColumn: 'sku' }, never);
    await expect(attempt).rejects.toBeInstanceOf(UsageError);
  });
});
