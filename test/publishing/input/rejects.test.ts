import { link, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BadInputError, UnreachableError, UsageError } from '../../../src/domain/errors.ts';
import { assertFewRejects, createRejects, type RejectedRow } from '../../../src/publishing/input/rejects.ts';
import { collect, createFolder, csv, gzip, withInput } from '../fixtures.ts';

let folder: Awaited<ReturnType<typeof createFolder>>;
let rejectsPath: string;
let tests = 0;
beforeAll(async () => {
  folder = await createFolder();
});
beforeEach(() => {
  rejectsPath = join(folder.path, `rejects-${++tests}.jsonl`);
});
afterAll(() => folder.remove());

const rejected = async (): Promise<RejectedRow[]> =>
  (await readFile(rejectsPath, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RejectedRow);

/** 999 good rows of one user, and whatever else. */
const good = Array.from({ length: 999 }, (_, at) => `u,p${at},${at}\n`).join('');

describe('a few bad rows', () => {
  it('are left out, and written with file, record and reason, whichever way they were found', async () => {
    // The first file DuckDB reads, and finds a rule broken; the second it cannot read on; the third is not all UTF-8.
    const paths = [
      await folder.file(gzip(`ENTITY,CLASS,SCORE\n${good}\n,"a ""b"", c",1\n`), 'rule.csv.gz'),
      await folder.file(`ENTITY,CLASS,SCORE\nu,p\nv,p,1\nv,q,1,2,3\nv,r,nan\n`, 'fields.csv'),
      await folder.file(
        Buffer.concat([
          Buffer.from('CLASS,ENTITY,SCORE\np,w,1\np,'),
          Buffer.from([0xff]),
          Buffer.from(',1\n'),
        ]),
        'latin.csv',
      ),
      await folder.file('{"ENTITY":"x","CLASS":"p","SCORE":1}\n{"ENTITY":"x"\n', 'lines.json'),
    ];
    await withInput(
      paths,
      async (input) => {
        expect((await collect(input.predictions())).map(({ userId }) => userId)).toEqual([
          'u',
          'v',
          'w',
          'x',
        ]);
        expect(input).toMatchObject({ rows: 1002, rejected: 6, rejectsPath });
        expect(input.rejectedSamples).toEqual(await rejected());
      },
      { rejectsPath, maxRejects: 0.01 },
    );
    const rows = await rejected();
    expect(rows).toContainEqual({
      ...{ file: paths[0], record: 1000, line: 1002, reason: 'user id "" is empty', text: ',"a ""b"", c",1' },
    });
    expect(rows).toContainEqual({
      ...{ file: paths[1], record: 1, line: 2, reason: 'has 2 fields; there are 3 columns', text: 'u,p' },
    });
    expect(rows).toContainEqual(
      expect.objectContaining({ file: paths[1], record: 3, line: 4, text: 'v,q,1,2,3' }),
    );
    expect(rows).toContainEqual(
      expect.objectContaining({ file: paths[1], record: 4, reason: 'score "nan" is not a finite number' }),
    );
    expect(rows).toContainEqual(
      expect.objectContaining({ file: paths[2], record: 2, line: 3, reason: '"ÿ" is not valid UTF-8' }),
    );
    expect(rows).toContainEqual(
      expect.objectContaining({ file: paths[3], record: 2, text: '{"ENTITY":"x"' }),
    );
  });

  it('do not take part in the ranking', async () => {
    const path = await folder.file(`ENTITY,CLASS,SCORE\n${good}u,best,Infinity\nu,p998,1e400\n`);
    const [prediction] = await withInput([path], (input) => collect(input.predictions()), {
      maxRejects: 1,
      keep: 1,
    });
    expect(prediction?.items).toBe('[["p998",998]]');
  });

  it('may be as many as the share says, and not one more', async () => {
    const path = await folder.file(`ENTITY,CLASS,SCORE\n${good}u,,1\n`);
    expect(await withInput([path], (input) => input.rejected)).toBe(1);
    const two = await folder.file(`ENTITY,CLASS,SCORE\n${good}u,,1\nu,,2\n`);
    await expect(withInput([two], () => 0, { rejectsPath })).rejects.toThrow(
      `2 of 1001 rows are bad (0.2 %; --max-rejects allows 0.1 %): ${two}: record 1000 (line 1001): product id "" is empty; ` +
        `${two}: record 1001 (line 1002): product id "" is empty. All of them: ${rejectsPath}`,
    );
    expect(await rejected()).toHaveLength(2);
    await expect(withInput([path], () => 0, { maxRejects: 0 })).rejects.toThrow('allows 0 %');
  });

  it.each([
    [7, 1000, 0.007],
    [57, 100, 0.57],
    [29, 100, 0.29],
    [1, 3000, 1 / 3000],
    [3, 3, 1],
  ])('of %i in %i are allowed by a share of %d, and one more is not', (count, rows, share) => {
    const rejects = { ...createRejects(rejectsPath), samples: [], count };
    expect(() => assertFewRejects(rejects, rows, share)).not.toThrow();
    if (count === rows) return;
    expect(() => assertFewRejects({ ...rejects, count: count + 1 }, rows, share)).toThrow(BadInputError);
  });

  it('show the first ten and cut long records, and make no file where there are none', async () => {
    const long = 'x'.repeat(2000);
    const path = await folder.file(csv([['u', 'p', 1], ...Array.from({ length: 30 }, () => [long, 'p', 1])]));
    await withInput([path], ({ rejectedSamples }) => expect(rejectedSamples).toHaveLength(10), {
      ...{ rejectsPath, maxRejects: 1 },
    });
    const rows = await rejected();
    expect(rows).toHaveLength(30);
    expect(rows[0]?.text).toBe('x'.repeat(500));
    const clean = join(folder.path, 'none.jsonl');
    await withInput(
      [await folder.file(csv([['u', 'p', 1]]))],
      (input) => expect(input.rejectsPath).toBeNull(),
      {
        rejectsPath: clean,
      },
    );
    await expect(stat(clean)).rejects.toThrow('ENOENT');
  });

  it('need a file that can be written', async () => {
    const path = await folder.file(`ENTITY,CLASS,SCORE\nu,,1\n`);
    const reading = withInput([path], () => 0, { rejectsPath: `${folder.path}/missing/rejects` });
    await expect(reading).rejects.toBeInstanceOf(UnreachableError);
  });

  it.skipIf(process.platform !== 'linux')('need a disk with room, however many they are', async () => {
    for (const count of [1, 100_000]) {
      const path = await folder.file(`ENTITY,CLASS,SCORE\n${'u,,1\n'.repeat(count)}`);
      const error = await withInput([path], () => 0, { rejectsPath: '/dev/full' }).catch(
        (caught: unknown) => caught,
      );
      expect(error).toBeInstanceOf(UnreachableError);
      expect((error as Error).message).toContain('bad rows cannot be written to /dev/full');
      expect((error as Error).message).toContain('--rejects');
    }
  });

  it('stop the load where nothing else is left, whatever share is allowed', async () => {
    const path = await folder.file('ENTITY,CLASS,SCORE\nu,,1\n');
    await expect(withInput([path], () => 0, { maxRejects: 1 })).rejects.toThrow('no rows in');
  });
});

describe('what is at the place of the file of bad rows', () => {
  const clean = 'ENTITY,CLASS,SCORE\nu,p,1\n';
  const bad = `${clean}u,,1\n`;
  const refusal = async (path: string, at: string) =>
    withInput([path], () => 0, { rejectsPath: at, maxRejects: 1 }).catch((error: unknown) => error as Error);

  it('is refused where it is one of the inputs, by whatever name, and stays as it is', async () => {
    const path = await folder.file(bad, 'victim.csv');
    const [hard, soft] = [join(folder.path, 'hard.csv'), join(folder.path, 'soft.csv')];
    await link(path, hard);
    await symlink(path, soft);
    for (const at of [path, `${folder.path}/./victim.csv`, hard, soft]) {
      const error = await refusal(path, at);
      expect(error).toBeInstanceOf(UsageError);
      expect((error as Error).message).toContain(`--rejects ${at} is ${path}, which is to be read`);
    }
    expect(await readFile(path, 'utf8')).toBe(bad);
  });

  it('is refused where it is no file of bad rows, and stays as it is', async () => {
    const path = await folder.file(bad);
    for (const content of ['notes', '{"file":"a"}\n', 'null\n', '[]']) {
      const other = await folder.file(content, 'other');
      expect(await refusal(path, other)).toBeInstanceOf(UsageError);
      expect(await readFile(other, 'utf8')).toBe(content);
    }
  });

  it('is replaced where it is of an earlier load, and is gone where there are no bad rows now', async () => {
    const [path, other] = [await folder.file(bad), await folder.file(`${clean}v,,1\nw,,1\n`)];
    await withInput([other], () => 0, { rejectsPath, maxRejects: 1 });
    expect(await rejected()).toHaveLength(2);
    await withInput([path], () => 0, { rejectsPath, maxRejects: 1 });
    expect(await rejected()).toMatchObject([{ file: path }]);
    await withInput([await folder.file(clean)], () => 0, { rejectsPath });
    await expect(stat(rejectsPath)).rejects.toThrow('ENOENT');
  });

  it('is nothing half done, where the load fails before all bad rows are known', async () => {
    const path = await folder.file(Buffer.concat([Buffer.from(`${bad}u,"p`), Buffer.from([0xff])]));
    await expect(withInput([path], () => 0, { rejectsPath, maxRejects: 1 })).rejects.toThrow('never closed');
    expect((await readdir(folder.path)).filter((name) => name.startsWith(basename(rejectsPath)))).toEqual([]);
  });
});

it('an open quote refuses the batch whatever share is allowed: nobody knows where its records begin', async () => {
  const path = await folder.file(`ENTITY,CLASS,SCORE\n${good}u,"p,1\n${good}`);
  await expect(withInput([path], () => 0, { maxRejects: 1 })).rejects.toThrow(
    'has a quote that is never closed',
  );
});
