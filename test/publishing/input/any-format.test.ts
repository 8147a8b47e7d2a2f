import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { productIdFault, userIdFault } from '../../../src/domain/ids.ts';
import { collect, createFolder, csv, gzip, withInput } from '../fixtures.ts';
import { model, type Row } from './model.ts';

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

describe('any rows, in any order, in any format', () => {
  const id = (fault: (text: string) => string | undefined) =>
    fc.oneof(
      fc.constantFrom(
        '00123',
        '7',
        'é',
        '\uffee',
        'a\ufeff',
        '\u{1F600}',
        'a,b',
        'say "hi"',
        "o'clock",
        '\\',
        ' x ',
        'null',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).filter((text) => fault(text) === undefined),
    );
  const row = fc.tuple(
    id(userIdFault),
    id(productIdFault),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: 1, max: 9 }),
  );
  const sql = (text: string) => `'${text.replaceAll("'", "''")}'`;

  const writers: Record<string, (rows: readonly Row[]) => Promise<string>> = {
    'newline JSON': (rows) =>
      folder.file(
        jsonLines(rows.map(([ENTITY, CLASS, SCORE, RANK]) => ({ ENTITY, CLASS, SCORE, RANK }))),
        'any',
      ),
    'gzipped newline JSON': (rows) =>
      folder.file(
        gzip(jsonLines(rows.map(([e, c, s, r]) => ({ rank: r, score: String(s), entity: e, class: c })))),
        'gz',
      ),
    Parquet: (rows) =>
      parquet(
        `SELECT * FROM (VALUES ${rows.map(([e, c, s, r]) => `(${sql(e)}, ${sql(c)}, ${sql(String(s))}::DOUBLE, ${r})`).join(', ')})
         AS t("ENTITY", "CLASS", "SCORE", "RANK")`,
      ),
    'header-less CSV': (rows) => folder.file(csv(rows).split('\n').slice(1).join('\n'), 'bare'),
  };

  it.each(Object.entries(writers))(
    'give what a plain model gives: %s',
    async (name, write) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(row, { minLength: 1, maxLength: 30 }),
          fc.integer({ min: 1, max: 6 }),
          async (rows, keep) => {
            const path = await write(rows);
            const columns =
              name === 'header-less CSV' ? { columns: ['ENTITY', 'CLASS', 'SCORE', 'RANK'] } : {};
            const found = await withInput([path], (input) => collect(input.predictions()), {
              keep,
              ...columns,
              format: formatOf(name),
            });
            expect(found).toEqual(model(rows, true, keep));
          },
        ),
        { numRuns: 25 },
      );
    },
    90_000,
  );

  it.each(Object.entries(writers))('take ids of 128 bytes, and none of 129: %s', async (name, write) => {
    const options = {
      ...(name === 'header-less CSV' ? { columns: ['ENTITY', 'CLASS', 'SCORE', 'RANK'] } : {}),
      format: formatOf(name),
    } as const;
    const longest = ['u'.repeat(128), 'é'.repeat(64), '\u{1F600}'.repeat(32)];
    const path = await write(longest.map((id) => [id, id, 1, 1]));
    const found = await withInput([path], (input) => collect(input.predictions()), options);
    expect(found.map(({ userId }) => userId)).toEqual(longest);
    for (const bad of [[`${longest[1]}a`, 'p', 1, 1] as const, ['u', `${longest[2]}a`, 1, 1] as const]) {
      const refused = withInput([await write([bad])], () => 0, options);
      await expect(refused).rejects.toThrow('is 129 bytes long; at most 128 are allowed');
    }
  });

  it.each(Object.entries(writers))(
    'take no id that begins with a byte-order mark: %s',
    async (name, write) => {
      const options = {
        ...(name === 'header-less CSV' ? { columns: ['ENTITY', 'CLASS', 'SCORE', 'RANK'] } : {}),
        format: formatOf(name),
      } as const;
      const good: Row = ['u', 'p', 1, 1];
      const bad: Row[] = [
        ['\ufeffu', 'p', 1, 1],
        ['u', '\ufeffp', 1, 1],
      ];
      for (const row of bad) {
        const path = await write([good, row]);
        await expect(withInput([path], () => 0, options)).rejects.toThrow('begins with a byte-order mark');
        const found = await withInput([path], (input) => collect(input.predictions()), {
          ...options,
          maxRejects: 1,
        });
        expect(found).toEqual([{ userId: 'u', items: '[["p",1]]' }]);
      }
    },
  );

  const formatOf = (name: string) =>
    name === 'Parquet' ? 'parquet' : name.includes('JSON') ? 'json' : 'csv';
});
