import { createHash } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { productIdFault, userIdFault } from '../../../src/domain/ids.ts';
import { model, type Row } from './model.ts';
import { collect, createFolder, csv, gzip, withInput } from '../fixtures.ts';

let folder: Awaited<ReturnType<typeof createFolder>>;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(() => folder.remove());

const read = async (...contents: (string | Uint8Array)[]) => {
  const paths = await Promise.all(contents.map((content) => folder.file(content)));
  return withInput(paths, async (input) => ({ ...input, predictions: await collect(input.predictions()) }));
};
const items = async (...contents: (string | Uint8Array)[]) =>
  Object.fromEntries(
    (await read(...contents)).predictions.map(({ userId, items }) => [userId, JSON.parse(items) as unknown]),
  );

const popularOf = async (content: string) =>
  withInput([await folder.file(content)], (input) => input.toParquet());

describe('reading a batch', () => {
  it('keeps ids as they are: no number is made of them', async () => {
    expect(await items('Entity,class,SCORE\n00123,0085,0.50\n1e3, 7 ,1\n')).toEqual({
      '00123': [['0085', 0.5]],
      '1e3': [[' 7 ', 1]],
    });
  });

  it('takes a byte-order mark, CRLF, quotes, further columns and a missing last line ending', async () => {
    const text = '\ufeffNOTE,ENTITY,CLASS,SCORE\r\n"a ""b"", c","u, 1","p""q",1e-2\r\nx,v,p,+.5';
    expect(await items(text)).toEqual({ 'u, 1': [['p"q', 0.01]], v: [['p', 0.5]] });
  });

  it('orders by score, then product id by bytes', async () => {
    const rows = [
      ['u', 'b', 1],
      ['u', 'a', 1],
      ['u', '\u{10000}', 1],
      ['u', '\uffee', 1],
      ['u', 'z', 2],
    ];
    expect(await items(csv(rows))).toEqual({
      u: [
        ['z', 2],
        ['a', 1],
        ['b', 1],
        ['\uffee', 1],
        ['\u{10000}', 1],
      ],
    });
  });

  it('lets RANK decide the order where there is one', async () => {
    const text = csv(
      [
        ['u', 'a', 0.9, 2],
        ['u', 'b', 0.1, 1],
        ['u', 'c', 0.5, 10],
      ],
      'ENTITY,CLASS,SCORE,RANK',
    );
    expect(await items(text)).toEqual({
      u: [
        ['b', 0.1],
        ['a', 0.9],
        ['c', 0.5],
      ],
    });
  });

  it('keeps the best score of a repeated product, wherever it stands, and counts the others', async () => {
    const result = await read(
      csv([
        ['u', 'a', 1],
        ['u', 'b', 2],
      ]),
      gzip(
        csv([
          ['u', 'a', 3],
          ['u', 'a', 2],
        ]),
      ),
    );
    expect(result.predictions).toEqual([{ userId: 'u', items: '[["a",3],["b",2]]' }]);
    expect(result).toMatchObject({ rows: 4, duplicates: 2, kept: 2, users: 1 });
  });

  it('keeps as many products as it is told', async () => {
    const rows = Array.from({ length: 30 }, (_, at) => ['u', `p${at}`, at]);
    const path = await folder.file(csv(rows));
    expect(await withInput([path], ({ kept }) => kept)).toBe(20);
    expect(await withInput([path], ({ kept }) => kept, { keep: 7 })).toBe(7);
  });

  it('reads gzip of several members, and whatever the file is called', async () => {
    const whole = csv([
      ['u', 'a', 1],
      ['v', 'b', 2],
      ['w', 'c', 3],
    ]);
    const members = Buffer.concat([gzip(whole.slice(0, 22)), gzip(''), gzip(whole.slice(22))]);
    const path = await folder.file(members, "it's [a] *.csv");
    expect(
      await withInput([path, await folder.file(csv([['x', 'd', 4]]), 'plain.csv.gz')], ({ users }) => users),
    ).toBe(4);
  });

  it('reads columns by name, in another order in each file', async () => {
    const other = 'score,x,class,entity\n2,,b,u\n';
    expect(await items(csv([['u', 'a', 1]]), other)).toEqual({
      u: [
        ['b', 2],
        ['a', 1],
      ],
    });
  });

  it('gives users in the order of their bytes, and the hash over them', async () => {
    const users = ['z', 'é', '\uffee', '\u{1F600}', 'a', '10', '9'];
    const result = await read(csv(users.map((user) => [user, 'p', 1])));
    const ordered = users.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(result.predictions.map(({ userId }) => userId)).toEqual(ordered);
    const hash = createHash('sha256');
    for (const user of ordered) hash.update(`${user}\0[["p",1]]\n`);
    expect(result.contentHash).toBe(`sha256:${hash.digest('hex')}`);
  });

  it('archives odd ids as they are', async () => {
    const odd = ['"', ',', '\\', '\\"', "'", 'NULL', 'é', '\u2028', '\u{1f600}'];
    const quoted = (id: string) => `"${id.replaceAll('"', '""')}"`;
    const rows = odd.map((id) => `${quoted(id)},${quoted(id)},1\n`).join('');
    const { popular } = await popularOf(`ENTITY,CLASS,SCORE\n${rows}`);
    expect(popular).toEqual(odd.toSorted().map((id) => [id, 1 / odd.length]));
  });

  it('finds the products in most first fives, ties by id', async () => {
    const fives = [
      ['c', 'b', 'a'],
      ['b', 'a'],
      ['b', 'x', 'y', 'z', 'w', 'a'],
    ];
    const rows = fives.flatMap((five, user) => five.map((product, at) => [`u${user}`, product, 10 - at]));
    const { popular } = await popularOf(csv(rows));
    expect(popular.slice(0, 4)).toEqual([
      ['b', 1],
      ['a', 2 / 3],
      ['c', 1 / 3],
      ['w', 1 / 3],
    ]);
  });

  it('takes the time of generation from the latest row, else from the newest file', async () => {
    const header = 'ENTITY,CLASS,SCORE,TIMESTAMP';
    const timed = await read(
      csv(
        [
          ['u', 'a', 1, '2026-11-20 03:00:00'],
          ['v', 'a', 1, '2026-11-20T04:00:00+02:00'],
        ],
        header,
      ),
    );
    expect(timed).toMatchObject({ generatedAt: '2026-11-20T03:00:00.000Z', generatedAtFrom: 'rows' });
    const anchored = 'ENTITY,CLASS,SCORE,TIMESTAMP,ANCHOR_TIMESTAMP\nu,a,1,2026-11-20,2026-11-01\n';
    expect((await read(anchored)).generatedAt).toBe('2026-11-01T00:00:00.000Z');
    const path = await folder.file(csv([['u', 'a', 1]]));
    await utimes(path, 0, Date.parse('2026-10-01T00:00:00Z') / 1000);
    const untimed = await withInput([path], ({ generatedAt, generatedAtFrom }) => ({
      generatedAt,
      generatedAtFrom,
    }));
    expect(untimed).toEqual({ generatedAt: '2026-10-01T00:00:00.000Z', generatedAtFrom: 'file' });
  });

  it('can be read again, and leaves nothing behind when closed', async () => {
    const path = await folder.file(csv([['u', 'a', 1]]));
    await withInput(
      [path],
      async (input) => {
        expect(await collect(input.predictions())).toEqual(await collect(input.predictions()));
        expect((await input.toParquet()).parquetPath.startsWith(folder.path)).toBe(true);
      },
      { tempDir: `${folder.path}/made` },
    );
    const { readdir } = await import('node:fs/promises');
    expect(await readdir(`${folder.path}/made`)).toEqual([]);
  });

  it('ranks more rows than fit into its memory limit, users near the ends of each part included', async () => {
    const rows = Array.from({ length: 600_000 }, (_, at): Row => {
      const user = (at * 7919) % 50_021;
      // Enough users alike in their first bytes, and of several lengths, for any cut to fall among them.
      return [`user-${user % 2 ? user : `é${user}`}`, `product-${at % 4001}`, at % 97, 1];
    });
    const parts = [rows.filter((_, at) => at % 3 === 0), rows.filter((_, at) => at % 3 !== 0)];
    const paths = await Promise.all(
      parts.map((part) => folder.file(csv(part.map((row) => row.slice(0, 3))))),
    );
    const found = await withInput(
      paths,
      async (input) => ({ ...input, predictions: await collect(input.predictions()) }),
      { memoryLimitBytes: 128 * 1024 * 1024, keep: 5 },
    );
    const expected = model(rows, false, 5);
    expect(found.predictions).toEqual(expected);
    expect(found).toMatchObject({ rows: 600_000, users: expected.length, kept: expected.length * 5 });
  });
});

describe('any rows, in any order, over any files', () => {
  const id = (fault: (text: string) => string | undefined) =>
    fc.oneof(
      fc.constantFrom(
        '00123',
        '7',
        'é',
        '\uffee',
        '\u{1F600}',
        'a,b',
        'say "hi"',
        "o'clock",
        ' x ',
        'NULL',
        '"',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).filter((text) => fault(text) === undefined),
    );
  const row = fc.tuple(
    id(userIdFault),
    id(productIdFault),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: 1, max: 9 }),
  );

  it('give what a plain model gives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 6 }),
        async (rows, files, ranked, keep) => {
          const header = ranked ? 'ENTITY,CLASS,SCORE,RANK' : 'ENTITY,CLASS,SCORE';
          const parts = Array.from({ length: files }, (_, file) =>
            rows.filter((_, at) => at % files === file),
          );
          const texts = parts.map((part) =>
            csv(
              part.map((fields) => (ranked ? fields : fields.slice(0, 3))),
              header,
            ),
          );
          const paths = await Promise.all(
            texts.map((text, at) => folder.file(at % 2 ? gzip(text) : text, `any-${at}`)),
          );
          const found = await withInput(paths, (input) => collect(input.predictions()), { keep });
          expect(found).toEqual(model(rows, ranked, keep));
        },
      ),
      { numRuns: 40 },
    );
  }, 90_000);
});
