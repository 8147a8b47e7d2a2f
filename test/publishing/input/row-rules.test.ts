import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printableRules, rowFault, sqlRules } from '../../../src/publishing/input/row-rules.ts';

let database: DuckDBInstance;
beforeAll(async () => {
  database = await DuckDBInstance.create(':memory:');
});
afterAll(() => database.closeSync());

const rows = async (sql: string) => {
  const connection = await database.connect();
  const result = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  return result;
};
const sql = (text: string) => `'${text.replaceAll("'", "''")}'`;

describe('the rules for any text', () => {
  const character = fc.constantFrom('\ufeff', 'a', '#', ' ', '\u0085', '\t', 'é', '\ufefe', '\u{1F600}');
  const id = fc.oneof(
    fc.string({ unit: character, maxLength: 4 }),
    fc.constantFrom(
      '\ufeffmug',
      '\ufeff',
      'mug\ufeff',
      `\ufeff${'x'.repeat(125)}`,
      `x${'\ufeff'.repeat(43)}`,
    ),
  );

  it('give the verdict of those in TypeScript on any ids', async () => {
    const columns = { count: 3, entity: 0, class: 1, score: 2, rank: undefined, timestamp: undefined };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(id, id), { minLength: 1, maxLength: 50 }), async (generated) => {
        const from = generated.map((ids, at) => `(${at}, ${ids.map(sql).join(', ')})`).join(', ');
        const found = await rows(
          `SELECT ${sqlRules.userId('u')} = u AND ${sqlRules.productId('p')} = p
           FROM (VALUES ${from}) t(place, u, p) ORDER BY place`,
        );
        const expected = generated.map((ids) => [
          rowFault([...ids, '1'], columns) === undefined ? true : null,
        ]);
        expect(found).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the rules for printable text', () => {
  it('read every number of up to five characters as the other rules do', async () => {
    // All that a number is made of, and what is left in the names of numbers, in hexadecimals and in other notations.
    const characters = [..." 07.,eE+-_'xinfaty"];
    const one = `(VALUES (''), ${characters.map((each) => `(${sql(each)})`).join(', ')})`;
    const texts = `SELECT DISTINCT a.t || b.t || c.t || d.t || e.t AS text
      FROM ${one} a(t), ${one} b(t), ${one} c(t), ${one} d(t), ${one} e(t)`;
    const [counts] = await rows(
      `SELECT count(*), count(slow), count(fast), count(*) FILTER (slow IS DISTINCT FROM fast)
       FROM (SELECT ${sqlRules.score('text')} AS slow, ${printableRules.score('text')} AS fast FROM (${texts}))`,
    );
    const [all = 0, slow = 0, fast = 0, different = 0] = (counts ?? []).map(Number);
    expect(all).toBeGreaterThan(characters.length ** 5);
    expect(slow).toBeGreaterThan(1000);
    expect({ fast, different }).toEqual({ fast: slow, different: 0 });
  });

  const printable = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 140,
  });
  const number = fc.oneof(
    fc.double().map(String),
    fc
      .array(fc.constantFrom('1', '0', '.', 'e', '-', '+', ' ', '_', 'inf', 'nan', '9'.repeat(30), 'e308'))
      .map((parts) => parts.join('')),
    printable,
  );
  const id = fc.oneof(printable, fc.constantFrom('', '#', '#a', 'a#', ' ', 'x'.repeat(128), 'x'.repeat(129)));

  it('give the verdict of the other rules, and of those in TypeScript, on any row', async () => {
    const columns = { count: 3, entity: 0, class: 1, score: 2, rank: undefined, timestamp: undefined };
    const values = (rules: typeof sqlRules) =>
      `[${rules.userId('u')}, ${rules.productId('p')}, ${rules.score('s')}::VARCHAR]`;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(id, id, number), { minLength: 1, maxLength: 50 }),
        async (generated) => {
          const from = generated.map((row, at) => `(${at}, ${row.map(sql).join(', ')})`).join(', ');
          const found = await rows(
            `SELECT slow IS DISTINCT FROM fast, len(list_filter(fast, lambda x: x IS NULL)) = 0
             FROM (SELECT place, ${values(sqlRules)} AS slow, ${values(printableRules)} AS fast
                   FROM (VALUES ${from}) t(place, u, p, s)) ORDER BY place`,
          );
          const expected = generated.map((row) => [false, rowFault(row, columns) === undefined]);
          expect(found).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);
});
