import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, utimes } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadInputError, UnreachableError } from '../../../src/domain/errors.ts';
import { createFolder, csv, gzip, withInput } from '../fixtures.ts';

let folder: Awaited<ReturnType<typeof createFolder>>;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(() => folder.remove());

const read = async (...contents: (string | Uint8Array)[]) => {
  const paths = await Promise.all(contents.map((content) => folder.file(content)));
  return withInput(paths, ({ users }) => users);
};
const HEADER = 'ENTITY,CLASS,SCORE\n';

describe('what is no regular file is refused at once, by its name', () => {
  const refused = async (path: string) =>
    withInput([path], () => undefined).catch((error: unknown) => error as Error);

  it('a pipe that nobody writes to', async () => {
    const path = join(folder.path, 'pipe.csv');
    await promisify(execFile)('mkfifo', [path]);
    const error = await refused(path);
    expect(error).toBeInstanceOf(BadInputError);
    expect(error?.message).toContain(`${path} is a pipe, not a regular file`);
  });

  it('a device', async () => {
    const error = await refused('/dev/zero');
    expect(error).toBeInstanceOf(BadInputError);
    expect(error?.message).toContain('/dev/zero is a device, not a regular file');
  });

  it('a socket', async () => {
    const path = join(folder.path, 'socket');
    const server = createServer().listen(path);
    await once(server, 'listening');
    try {
      expect((await refused(path))?.message).toContain(`${path} is a socket, not a regular file`);
    } finally {
      server.close();
    }
  });
});

describe('too many bad rows stop the load, which names them by file and record', () => {
  const long = 'x'.repeat(129);
  it.each([
    ['a user id that is empty', ',p,1', 'user id "" is empty'],
    ['a user id that begins with #', '#seal,p,1', 'user id "#seal" begins with #'],
    ['a user id with a control character', 'a\tb,p,1', 'user id "a\\tb" contains a control character'],
    ['a user id with a C1 control character', 'a\u0085b,p,1', 'contains a control character'],
    ['a user id with a NUL', 'a\0b,p,1', 'user id "a\\u0000b" contains a control character'],
    ['a user id over a quoted newline', '"a\nb",p,1', 'user id "a\\nb" contains a control character'],
    ['a user id that is too long', `${long},p,1`, 'is 129 bytes long; at most 128 are allowed'],
    ['a product id that is too long in bytes', `u,${'é'.repeat(65)},1`, 'is 130 bytes long'],
    ['a product id that is empty', 'u,,1', 'product id "" is empty'],
    ['a product id that is empty in quotes', 'u,"",1', 'product id "" is empty'],
    ['a user id with a byte-order mark', '\ufeffu,p,1', 'user id "\ufeffu" begins with a byte-order mark'],
    ['a product id with a byte-order mark', 'u,"\ufeffp",1', 'begins with a byte-order mark'],
    ['a score that is empty', 'u,p,', 'score "" is not a finite number'],
    ['a score of NaN', 'u,p,NaN', 'score "NaN" is not a finite number'],
    ['a score of Infinity', 'u,p,-Infinity', 'score "-Infinity" is not a finite number'],
    ['a score beyond doubles', 'u,p,1e400', 'score "1e400" is not a finite number'],
    ['a hexadecimal score', 'u,p,0x10', 'score "0x10" is not a finite number'],
    ['a score with underscores', 'u,p,1_000', 'score "1_000" is not a finite number'],
    ['a score with a decimal comma', 'u,p,"0,5"', 'score "0,5" is not a finite number'],
    ['a field too many', 'u,p,1,2', 'has 4 fields; there are 3 columns'],
    ['a field too few', 'u,p', 'has 2 fields; there are 3 columns'],
    ['text after a quote', '"u"x,p,1', 'has text after a closing quote'],
    ['a quote that is never closed', '"u,p,1', 'has a quote that is never closed'],
  ])('%s', async (_, row, message) => {
    const error = await read(`${HEADER}good,p,1\n\n${row}\nafter,p,2\n`).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(BadInputError);
    expect((error as Error).message).toMatch(/input-\d+\.csv: record 2 \(line 4\): /);
    expect((error as Error).message).toContain(message);
  });

  it.each(['0', '-1', '1.5', '', 'first', '1e1'])('a rank of %j', async (rank) => {
    await expect(read(`ENTITY,CLASS,SCORE,RANK\nu,p,1,${rank}\n`)).rejects.toThrow(
      `record 1 (line 2): rank ${JSON.stringify(rank)} is not a positive whole number`,
    );
  });

  it.each([
    'yesterday',
    '2026-02-30',
    '21/11/2026',
    '1700000000',
    '2026-11-21T24:00',
    '2026-11-21T03:15:00+25:00',
  ])('a timestamp of %j', async (time) => {
    await expect(read(`ENTITY,CLASS,SCORE,TIMESTAMP\nu,p,1,${time}\n`)).rejects.toThrow(
      'record 1 (line 2): timestamp',
    );
  });

  it('a timestamp more than a day ahead, which would make every batch after it older than this one', async () => {
    const path = await folder.file(`ENTITY,CLASS,SCORE,TIMESTAMP\nu,p,1,2099-01-01\nu,q,1,2026-11-22\n`);
    const now = Date.parse('2026-11-21T03:15:00Z');
    await expect(withInput([path], () => 0, { now })).rejects.toThrow(
      'record 1 (line 2): timestamp "2099-01-01" is more than a day ahead of the clock, which says 2026-11-21T03:15:00.000Z',
    );
    const generatedAt = await withInput([path], (input) => input.generatedAt, { now, maxRejects: 0.5 });
    expect(generatedAt).toBe('2026-11-22T00:00:00.000Z');
  });

  it('a file of a time more than a day ahead, where no row says when it was made', async () => {
    const [old, ahead, timed] = [
      await folder.file(csv([['u', 'p', 1]])),
      await folder.file(csv([['v', 'p', 1]])),
      await folder.file('ENTITY,CLASS,SCORE,TIMESTAMP\nu,p,1,2026-11-20\n'),
    ];
    await utimes(old, 0, 0);
    for (const path of [ahead, timed]) await utimes(path, 0, Date.parse('2099-01-01T00:00:00Z') / 1000);
    const refused = withInput([old, ahead], () => 0);
    await expect(refused).rejects.toBeInstanceOf(BadInputError);
    await expect(refused).rejects.toThrow(
      `${ahead} was changed at 2099-01-01T00:00:00.000Z, which is more than a day ahead of the clock`,
    );
    const generatedAt = (path: string) => withInput([path], (input) => input.generatedAt);
    expect(await generatedAt(timed)).toBe('2026-11-20T00:00:00.000Z');
    const inADay = new Date((Math.floor(Date.now() / 1000) + 24 * 60 * 60) * 1000);
    await utimes(ahead, 0, inADay);
    expect(await generatedAt(ahead)).toBe(inADay.toISOString());
  });

  it('counts records, not lines, where quotes hold newlines', async () => {
    const text = `ENTITY,CLASS,SCORE,NOTE\nu,p,1,"two\nlines"\nv,p,2,"three\n\nlines"\nw,p,x,\n`;
    await expect(read(text)).rejects.toThrow('record 3 (line 7): score "x"');
  });

  it('names the file that holds it, of several, and finds it in gzip', async () => {
    const good = csv([['u', 'p', 1]]);
    const bad = gzip(
      csv([
        ['u', 'p', 1],
        ['v', 'p', 'nan'],
      ]),
    );
    const paths = [await folder.file(good, 'good.csv'), await folder.file(bad, 'bad.csv.gz')];
    await expect(withInput(paths, () => 0)).rejects.toThrow(/bad\.csv\.gz: record 2 \(line 3\): score "nan"/);
  });

  it('finds one bad row among many', async () => {
    const rows = Array.from({ length: 60_000 }, (_, at) => [
      `u${at % 5000}`,
      `p${at}`,
      at === 54_321 ? 'NaN' : 0.5,
    ]);
    const path = await folder.file(csv(rows));
    await expect(withInput([path], () => 0, { maxRejects: 0 })).rejects.toThrow(
      'record 54322 (line 54323): score "NaN"',
    );
  });

  it('bytes that are not UTF-8, in any column', async () => {
    const bytes = Buffer.concat([
      Buffer.from('ENTITY,CLASS,SCORE,NOTE\nu,p,1,ok\nv,p,1,'),
      Buffer.from([0xff, 0x0a]),
    ]);
    await expect(read(bytes)).rejects.toThrow('record 2 (line 3): "ÿ" is not valid UTF-8');
  });

  it.each([
    ['bare', (bytes: number) => 'x'.repeat(bytes)],
    ['in quotes', (bytes: number) => `"${'""\n'.repeat((bytes - 4) / 3)}xx"`],
  ])('a record of more than 2 MB, its note %s', async (_, note) => {
    const textOf = (bytes: number) =>
      `ENTITY,CLASS,SCORE,NOTE\nu,p,1,a\nu,q,1,${note(bytes - 'u,q,1,'.length)}\nv,p,x,b\nv,q,1,b\n`;
    const [fits, tooLong] = [await folder.file(textOf(1_999_999)), await folder.file(textOf(2_000_002))];
    await expect(withInput([tooLong], () => 0, { maxRejects: 0 })).rejects.toThrow(
      `${tooLong}: record 2 (line 3): is 2000002 bytes long; at most 2000000 are allowed`,
    );
    const found = (path: string) =>
      withInput([path], ({ rows, rejected }) => ({ rows, rejected }), { maxRejects: 1 });
    expect(await found(fits)).toEqual({ rows: 3, rejected: 1 });
    expect(await found(tooLong)).toEqual({ rows: 2, rejected: 2 });
  });

  it('mixed line endings, which DuckDB cannot read', async () => {
    await expect(read(`${HEADER}u,p,1\r\nv,p,1\n`)).rejects.toThrow('one file must have one line ending');
  });
});

describe('a file that cannot be a batch is refused', () => {
  it.each([
    ['nothing at all', '', 'no rows, not even a header'],
    ['only a header', HEADER, 'there is only a header'],
    ['a header without line ending', 'ENTITY,CLASS,SCORE', 'there is only a header'],
    ['no SCORE', 'ENTITY,CLASS\nu,p\n', 'column SCORE is missing; found "ENTITY", "CLASS"'],
    [
      'another separator',
      'ENTITY;CLASS;SCORE\nu;p;1\n',
      'column ENTITY, CLASS, SCORE is missing; found "ENTITY;CLASS;SCORE"',
    ],
    ['a doubled column', 'ENTITY,CLASS,SCORE,score\nu,p,1,2\n', 'names column SCORE more than once'],
    ['gzip of gzip', gzip(gzip(`${HEADER}u,p,1\n`)), 'is a gzip file inside a gzip file; unpack it once'],
    ['gzip of Parquet', gzip('PAR1…PAR1'), 'is a Parquet file inside a gzip file; unpack it once'],
    ['a zip file', Buffer.from('PK\x03\x04\x14\0\0'), 'is a zip file; unpack it'],
    ['a zstd file', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x24]), 'is a zstd file; unpack it'],
    ['nothing in gzip', gzip(''), 'no rows, not even a header'],
    ['only a header in gzip', gzip(HEADER), 'there is only a header'],
    ['UTF-16', Buffer.from('\ufeffENTITY,CLASS,SCORE\nu,p,1\n', 'utf16le'), 'not valid UTF-8'],
  ])('%s', async (_, content, message) => {
    await expect(read(content)).rejects.toBeInstanceOf(BadInputError);
    await expect(read(content)).rejects.toThrow(message);
  });

  it('one that does not exist, or a folder without files', async () => {
    await expect(withInput([`${folder.path}/none.csv`], () => 0)).rejects.toThrow('none.csv does not exist');
    const empty = await mkdtemp(join(folder.path, 'empty-'));
    await expect(withInput([empty], () => 0)).rejects.toThrow('is a folder without files');
    await expect(withInput([`${empty}/*.csv`], () => 0)).rejects.toThrow('no file matches');
    await expect(withInput(['s3://bucket/key'], () => 0)).rejects.toThrow('there is no object store here');
    await expect(withInput([], () => 0)).rejects.toBeInstanceOf(BadInputError);
  });

  it('one user with more rows than fit into memory, which no other attempt would change', async () => {
    const rows = Array.from({ length: 500_000 }, (_, at) => `unknown,product-${at},1\n`).join('');
    const path = await folder.file(`${HEADER}anna,a,1\n${rows}`);
    const attempt = withInput([path], () => 0, { memoryLimitBytes: 64 * 1024 * 1024 });
    await expect(attempt).rejects.toBeInstanceOf(BadInputError);
    await expect(attempt).rejects.toThrow('user "unknown" has 500000 rows, more than fit into memory');
  });

  it('one column that would be two', async () => {
    const path = await folder.file(csv([['u', 'p', 1]]));
    const mapped = withInput([path], () => 0, { map: { ENTITY: 'class' } });
    await expect(mapped).rejects.toBeInstanceOf(BadInputError);
    await expect(withInput([path], () => 0, { map: { ENTITY: 'class' } })).rejects.toThrow(
      'column CLASS would be two of ENTITY, CLASS, SCORE and RANK at once',
    );
  });

  it('one, or a folder, that may not be read', async () => {
    const path = await folder.file(csv([['u', 'p', 1]]), 'forbidden.csv');
    const closed = await mkdtemp(join(folder.path, 'closed-'));
    await chmod(path, 0);
    await chmod(closed, 0);
    // The superuser may read anything, so that the file is opened as somebody else.
    const asNobody = process.getuid?.() === 0;
    if (asNobody) {
      await chmod(folder.path, 0o755);
      process.seteuid?.('nobody');
    }
    const tempDir = await mkdtemp(join(tmpdir(), 'topshelf-nobody-'));
    try {
      const refused = (given: string) =>
        withInput([given], () => 0, { tempDir }).catch((caught: unknown) => caught as Error);
      for (const [given, what] of [
        [path, path],
        [closed, `the folder ${closed}`],
      ] as const) {
        const error = await refused(given);
        expect(error).toBeInstanceOf(UnreachableError);
        expect((error as Error).message).toContain(`${what} cannot be read: EACCES`);
      }
    } finally {
      if (asNobody) process.seteuid?.(0);
      await chmod(closed, 0o755);
      await rm(tempDir, { recursive: true });
    }
  });

  it('ranks in one file and none in another', async () => {
    await expect(
      read(csv([['u', 'p', 1]]), csv([['u', 'q', 1, 1]], 'ENTITY,CLASS,SCORE,RANK')),
    ).rejects.toThrow('all files need it, or none');
  });
});

describe('a gzip file is refused', () => {
  const rows = Array.from({ length: 3000 }, (_, at) => [`user-${at % 97}`, `product-${at}`, Math.sin(at)]);
  const whole = gzip(csv(rows));
  const lengths = Array.from({ length: 60 }, (_, at) => Math.max(3, Math.floor((whole.length * at) / 60)));

  it.each([...new Set([...lengths, whole.length - 8, whole.length - 1])])(
    'cut to %i bytes',
    async (length) => {
      await expect(read(whole.subarray(0, length))).rejects.toThrow(/is a truncated gzip file/);
    },
  );

  it.each([10, 100, 1000, whole.length - 6])('with its byte %i changed', async (at) => {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 0x55;
    await expect(read(changed)).rejects.toBeInstanceOf(BadInputError);
  });

  it.each([
    ['text', Buffer.from('and more')],
    ['zeros', Buffer.alloc(512)],
    ['the beginning of another member', Buffer.from([0x1f, 0x8b])],
  ])('with %s behind its end', async (_, rest) => {
    await expect(read(Buffer.concat([whole, rest]))).rejects.toThrow(/gzip file/);
  });
});
