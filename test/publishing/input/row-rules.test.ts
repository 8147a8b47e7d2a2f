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
  await connection.run("SET TimeZone = 'UTC'");
  const result = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  return result;
};
const NOW = Date.parse('2026-11-21T03:15:00Z');
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
          rowFault([...ids, '1'], columns, NOW) === undefined ? true : null,
        ]);
        expect(found).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the rules for a timestamp', () => {
  const columns = { count: 4, entity: 0, class: 1, score: 2, rank: undefined, timestamp: 3 };
  const faultOf = (text: string) => rowFault(['u', 'p', '1', text], columns, NOW);
  /** Whether SQL and TypeScript take each text. */
  const verdicts = async (texts: readonly string[]) => {
    const from = texts.map((text, at) => `(${at}, ${sql(text)})`).join(', ');
    const moments = `SELECT place, ${sqlRules.timestamp('t', NOW)} AS moment FROM (VALUES ${from}) v(place, t)`;
    const found = await rows(`SELECT moment IS NOT NULL FROM (${moments}) ORDER BY place`);
    return { sql: found.flat(), typescript: texts.map((text) => faultOf(text) === undefined) };
  };

  it.each([
    ['2026-11-21', true],
    ['2026-11-21 03:15', true],
    ['2026-11-21T23:59:59.999999999Z', true],
    ['2026-11-21T03:15:00+01', true],
    ['2026-11-21T03:15:00-0130', true],
    ['2026-11-21T03:15:00+23:59', true],
    ['0000-02-29', true],
    ['2026-11-21T24:00', false],
    ['2026-11-21T24:00:00', false],
    ['2026-11-21T23:60:00', false],
    ['2026-11-21T23:59:60', false],
    ['2026-11-21T03:15:00+24:00', false],
    ['2026-11-21T03:15:00+25:00', false],
    ['2026-11-21T03:15:00-99:99', false],
    ['2026-11-21T03:15:00-10:60', false],
    ['2026-11-21T03:15Z', false],
    ['2026-11-21T03:15+01', false],
    ['2026-02-29', false],
    ['2026-13-01', false],
    ['2026-11-00', false],
    // A day ahead of the clock, and more.
    ['2026-11-22T03:15:00Z', true],
    ['2026-11-22T03:15:00.001Z', false],
    ['2026-11-22T04:15:00.000999+01:00', true],
    ['2026-11-22T02:15:01-01:00', false],
    ['2099-01-01', false],
  ])('of %s agree that it holds: %j', async (text, holds) => {
    expect(await verdicts([text])).toEqual({ sql: [holds], typescript: [holds] });
  });

  it('say which is no time and which is ahead of the clock', () => {
    expect(faultOf('2026-11-21T24:00')).toContain('"2026-11-21T24:00" is not a time such as');
    expect(faultOf('2099-01-01')).toBe(
      'timestamp "2099-01-01" is more than a day ahead of the clock, which says 2026-11-21T03:15:00.000Z',
    );
  });

  const two = (min: number, max: number) => fc.integer({ min, max }).map((n) => String(n).padStart(2, '0'));
  const timestamp = fc
    .tuple(
      fc.constantFrom('0000', '1969', '2000', '2026', '2026', '2027', '9999'),
      ...[two(0, 13), two(0, 32), two(0, 25), two(0, 61)],
      fc.constantFrom('', ':00', ':59', ':60', ':07.5', ':07.123456789', ':07.1234567890'),
      fc.constantFrom(
        '',
        'Z',
        'z',
        '+01',
        '-0130',
        '+05:45',
        '+14:00',
        '-18:00',
        '+23:59',
        '+25:00',
        '-99:99',
      ),
      fc.constantFrom('T', ' ', 't'),
    )
    .map(
      ([year, month, day, hour, minute, second, zone, between]) =>
        `${year}-${month}-${day}${between}${hour}:${minute}${second}${zone}`,
    );

  it('agree in SQL and TypeScript on any text that looks like one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(timestamp, { minLength: 1, maxLength: 100 }), async (texts) => {
        const found = await verdicts(texts);
        expect(found.sql).toEqual(found.typescript);
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
          const expected = generated.map((row) => [false, rowFault(row, columns, NOW) === undefined]);
          expect(found).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);
});
