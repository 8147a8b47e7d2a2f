import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InputOptions } from '../../../src/publishing/input/read-input.ts';
import { collect, createFolder, csv, gzip, withInput } from '../fixtures.ts';

let folder: Awaited<ReturnType<typeof createFolder>>;
let database: DuckDBInstance;
beforeAll(async () => {
  folder = await createFolder();
  database = await DuckDBInstance.create(':memory:');
});
afterAll(async () => {
  database.closeSync();
  await folder.remove();
});

const items = async (paths: readonly string[], options: Partial<InputOptions> = {}) =>
  withInput(
    paths,
    async (input) =>
      Object.fromEntries(
        (await collect(input.predictions())).map(({ userId, items }) => [
          userId,
          JSON.parse(items) as unknown,
        ]),
      ),
    options,
  );

const jsonLines = (objects: readonly unknown[]) =>
  objects.map((each) => `${JSON.stringify(each)}\n`).join('');

/** A Parquet file of the rows that some SQL gives. */
let parquets = 0;
const parquet = async (sql: string): Promise<string> => {
  const path = join(folder.path, `rows-${++parquets}`);
  const connection = await database.connect();
  await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  return path;
};

describe('newline JSON', () => {
  it('is told by its content, plain or gzip, its names in any case', async () => {
    const plain = await folder.file(jsonLines([{ entity: 'u', Class: 'a', SCORE: 0.5, more: [1] }]), 'a.csv');
    const packed = await folder.file(gzip('\n{"entity":"u","Class":"b","SCORE":"0.75"}\r\n\n'), 'b.dat');
    expect(await items([plain, packed])).toEqual({
      u: [
        ['b', 0.75],
        ['a', 0.5],
      ],
    });
  });

  it('takes whole numbers as ids by their digits, and no other numbers', async () => {
    const path = await folder.file(
      '{"ENTITY":123,"CLASS":"00123","SCORE":1}\n{"ENTITY":1.5,"CLASS":"p","SCORE":1}\n{"ENTITY":9007199254740993,"CLASS":"p","SCORE":1}\n',
    );
    await expect(items([path])).rejects.toThrow(
      /record 2 \(line 2\): ENTITY 1\.5 is not text or a whole number/,
    );
    expect(await items([path], { maxRejects: 1 })).toEqual({ 123: [['00123', 1]] });
  });

  it('finds ranks and times in any object: a row without a rank where others have one is bad', async () => {
    const [bare, ranked] = [
      { ENTITY: 'u', CLASS: 'a', SCORE: 3 },
      { ENTITY: 'u', CLASS: 'b', SCORE: 1, rank: 2, Timestamp: '2026-11-20' },
    ];
    const path = await folder.file(jsonLines([bare, ranked]));
    await expect(items([path])).rejects.toThrow('record 1 (line 1): rank "" is not a positive whole number');
    const later = await folder.file(jsonLines([{ ...bare, rank: 1 }, ranked]));
    const found = await withInput([later], async (input) => [
      input.generatedAt,
      (await collect(input.predictions()))[0]?.items,
    ]);
    expect(found).toEqual(['2026-11-20T00:00:00.000Z', '[["a",3],["b",1]]']);
  });

  it('is refused where its objects name one column in two ways', async () => {
    const object = { ENTITY: 'u', CLASS: 'a', SCORE: 3 };
    const path = await folder.file(
      jsonLines([
        { ...object, rank: 1 },
        { ...object, RANK: 1 },
      ]),
    );
    await expect(items([path])).rejects.toThrow('names column RANK more than once');
  });

  it.each([
    ['text that is no JSON', '{"ENTITY":"u"', 'is not JSON'],
    ['a value that is no object', '[1]', 'is not a JSON object'],
    ['a key that is not there', '{"ENTITY":"u","SCORE":1}', 'product id "" is empty'],
    [
      'a score that is an object',
      '{"ENTITY":"u","CLASS":"p","SCORE":{}}',
      'SCORE {} is not text or a number',
    ],
    ['a score that is null', '{"ENTITY":"u","CLASS":"p","SCORE":null}', 'score "" is not a finite number'],
    ['an id that is half a character', '{"ENTITY":"\\ud800","CLASS":"p","SCORE":1}', 'is not valid Unicode'],
    ['an id that is too long', `{"ENTITY":"${'x'.repeat(129)}","CLASS":"p","SCORE":1}`, 'is 129 bytes long'],
    ['an id with a newline', '{"ENTITY":"a\\nb","CLASS":"p","SCORE":1}', 'contains a control character'],
    [
      'bytes that are not UTF-8',
      Buffer.from('{"ENTITY":"\xff","CLASS":"p","SCORE":1}', 'latin1'),
      'not valid UTF-8',
    ],
  ])('names a record with %s', async (_, line, message) => {
    const good = Buffer.from('\ufeff{"ENTITY":"u","CLASS":"p","SCORE":1}\n\n');
    const path = await folder.file(Buffer.concat([good, Buffer.from(line)]));
    const error = await items([path]).catch((caught: unknown) => caught);
    expect((error as Error).message).toContain(`${path}: record 2 (line 3): `);
    expect((error as Error).message).toContain(message);
  });

  it('is refused where it is one array, lacks a column, or has no object', async () => {
    await expect(items([await folder.file('[{"ENTITY":"u"}]')])).rejects.toThrow('is one JSON array');
    await expect(items([await folder.file('{"ENTITY":"u"}\n')])).rejects.toThrow(
      'column CLASS, SCORE is missing',
    );
    await expect(items([await folder.file('{\n')])).rejects.toThrow('no JSON object in it');
  });
});

describe('the output of AWS Personalize', () => {
  const record = (userId: unknown, recommendedItems: unknown, scores: unknown, error: unknown = null) => ({
    input: { userId },
    output: error === null ? { recommendedItems, scores } : null,
    error,
  });

  it('keeps its own order, which promotions may have changed', async () => {
    const path = await folder.file(
      jsonLines([record('u', ['a', 'b', 7], [0.1, 0.3, 0.2]), record(5, ['c'], [1])]),
    );
    expect(await items([path])).toEqual({
      u: [
        ['a', 0.1],
        ['b', 0.3],
        ['7', 0.2],
      ],
      5: [['c', 1]],
    });
  });

  it.each([
    [
      'that it could not answer',
      record('u', null, null, 'ITEM_NOT_FOUND'),
      'Personalize could not answer: "ITEM_NOT_FOUND"',
    ],
    ['with fewer scores', record('u', ['a', 'b'], [1]), 'there are 2 recommendedItems and 1 scores'],
    ['without scores', record('u', ['a'], null), 'output.scores is not a list'],
    ['without products', record('u', [], []), 'output.recommendedItems is empty'],
    ['without user', record(null, ['a'], [1]), 'input.userId null is not an id'],
    ['with a score that is none', record('u', ['a'], ['high']), 'score "high" is not a finite number'],
    ['with a product that is none', record('u', [1.5], [1]), 'product id 1.5 is not text or a whole number'],
  ])('names a record %s', async (_, bad, message) => {
    const path = await folder.file(jsonLines([record('v', ['a'], [1]), bad]));
    await expect(items([path])).rejects.toThrow(`record 2 (line 2): ${message}`);
    expect(await items([path], { maxRejects: 0.5 })).toEqual({ v: [['a', 1]] });
  });
});

describe('Parquet', () => {
  it('takes whole numbers of any width as ids, and numbers of any kind as scores', async () => {
    const path = await parquet(
      `SELECT 12::BIGINT AS entity, 7::DECIMAL(38,0) AS class, 0.1::FLOAT AS score
       UNION ALL SELECT 12, 8, 0.25::FLOAT`,
    );
    expect(await items([path])).toEqual({
      12: [
        ['8', 0.25],
        ['7', 0.1],
      ],
    });
    const decimal = await parquet(`SELECT '012' AS "ENTITY", 'p' AS "CLASS", 0.5::DECIMAL(4,2) AS "SCORE"`);
    expect(await items([decimal])).toEqual({ '012': [['p', 0.5]] });
  });

  it.each([
    [
      'ids that are fractions',
      `1.5::DOUBLE AS entity, 'p' AS class, 1.0 AS score`,
      'column entity is DOUBLE; it must be text or whole',
    ],
    ['ids that are bytes', `'u'::BLOB AS entity, 'p' AS class, 1.0 AS score`, 'column entity is BLOB'],
    [
      'scores that are lists',
      `'u' AS entity, 'p' AS class, [1.0] AS score`,
      'column score is DECIMAL(2,1)[]; it must be numbers',
    ],
    [
      'ranks that are fractions',
      `'u' AS entity, 'p' AS class, 1.0 AS score, 1.5::FLOAT AS rank`,
      'column rank is FLOAT',
    ],
    ['no scores', `'u' AS entity, 'p' AS class`, 'column SCORE is missing'],
  ])('is refused with %s', async (_, columns, message) => {
    await expect(items([await parquet(`SELECT ${columns}`)])).rejects.toThrow(message);
  });

  it.each([
    ['a NULL', `NULL, 'p', 1::DOUBLE, 1, NULL`, 'user id "" is empty'],
    ['a NaN', `'v', 'p', 'nan'::DOUBLE, 1, NULL`, 'score "nan" is not a finite number'],
    ['a reserved id', `'#v', 'p', 1, 1, NULL`, 'user id "#v" begins with #'],
    [
      'a time long after now',
      `'v', 'p', 1, 1, '2099-01-01'`,
      'timestamp "2099-01-01 00:00:00" is more than a day ahead of the clock',
    ],
    ['a rank of 0', `'v', 'p', 1, 0, NULL`, 'rank "0" is not a positive whole number'],
  ])('names a row with %s', async (_, bad, message) => {
    const path = await parquet(
      `SELECT * FROM (VALUES ('u', 'p', 1::DOUBLE, 1, TIMESTAMP '2026-11-20 03:00:00'), (${bad}))
       AS t(entity, class, score, rank, timestamp)`,
    );
    await expect(items([path])).rejects.toThrow(`${path}: record 2: ${message}`);
    await withInput(
      [path],
      ({ generatedAt, rejected }) => {
        expect({ generatedAt, rejected }).toEqual({ generatedAt: '2026-11-20T03:00:00.000Z', rejected: 1 });
      },
      { maxRejects: 0.5 },
    );
  });

  it('is refused where it is cut off, or has no rows', async () => {
    const whole = await parquet(
      `SELECT i::VARCHAR AS entity, 'p' AS class, 1.0 AS score FROM range(5000) t(i)`,
    );
    const { readFile } = await import('node:fs/promises');
    const bytes = await readFile(whole);
    await writeFile(join(folder.path, 'cut'), bytes.subarray(0, bytes.length - 10));
    await expect(items([join(folder.path, 'cut')])).rejects.toThrow('cannot be read as Parquet');
    const none = await parquet(`SELECT 'u' AS entity, 'p' AS class, 1.0 AS score WHERE false`);
    await expect(items([none])).rejects.toThrow('no rows in');
  });
});

describe('CSV of other shapes', () => {
  it('has its columns named by --columns where it has no header', async () => {
    const path = await folder.file('\ufeffu,x,0.5,a\nu,y,0.75,b\n');
    expect(await items([path], { columns: ['entity', '_', 'SCORE', 'CLASS'] })).toEqual({
      u: [
        ['b', 0.75],
        ['a', 0.5],
      ],
    });
    const other = await folder.file('v,x,1,c\r\nu,x,0.6,c\r\n');
    expect(await items([path, other], { columns: ['entity', '_', 'SCORE', 'CLASS'] })).toMatchObject({
      u: [
        ['b', 0.75],
        ['c', 0.6],
        ['a', 0.5],
      ],
      v: [['c', 1]],
    });
    const named = await folder.file(csv([['u', 'a', 1]]));
    await expect(items([named], { columns: ['Entity', 'class', 'score'] })).rejects.toThrow(
      'leave --columns out',
    );
  });

  it('may begin with a byte-order mark; one that joined files bring into an id is named', async () => {
    const columns = ['ENTITY', 'CLASS', 'SCORE'];
    const [first, second] = ['\ufeffu,x,0.5\n', '\ufeffv,x,0.5\n'];
    expect(await items([await folder.file(first), await folder.file(second)], { columns })).toEqual({
      u: [['x', 0.5]],
      v: [['x', 0.5]],
    });
    await expect(items([await folder.file(first + second)], { columns })).rejects.toThrow(
      'record 2 (line 2): user id "\ufeffv" begins with a byte-order mark (U+FEFF)',
    );
  });

  it('has other names for its columns, in every format', async () => {
    const map = { ENTITY: 'Customer_ID', CLASS: 'sku', SCORE: 'p' };
    const rows = [{ customer_id: 'u', SKU: 'b', p: 2 }];
    const paths = [
      await folder.file('p,sku,customer_id\n1,a,u\n'),
      await folder.file(jsonLines(rows)),
      await parquet(`SELECT 'u' AS customer_id, 'c' AS sku, 3::FLOAT AS p`),
    ];
    expect(await items(paths, { map })).toEqual({
      u: [
        ['c', 3],
        ['b', 2],
        ['a', 1],
      ],
    });
    await expect(items([paths[0]!], { map: { ...map, RANK: 'place' } })).rejects.toThrow(
      'column place is missing, which RANK is mapped to; found "p", "sku", "customer_id"',
    );
  });

  it('tells the time of generation in every format alike', async () => {
    const json = await folder.file(
      jsonLines([
        { ENTITY: 'u', CLASS: 'a', SCORE: 1, ANCHOR_TIMESTAMP: '2026-11-20', TIMESTAMP: '2026-11-21' },
      ]),
    );
    await withInput([json], ({ generatedAt }) => expect(generatedAt).toBe('2026-11-20T00:00:00.000Z'));
  });
});
