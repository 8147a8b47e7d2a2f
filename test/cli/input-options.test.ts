import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { run } from '../../src/cli/program.ts';
import { readManifest } from '../../src/publishing/manifest.ts';
import { createFolder, createPublisher, never } from '../publishing/fixtures.ts';

let folder: Awaited<ReturnType<typeof createFolder>>;
const publisher = createPublisher();
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(() => folder.remove());

async function topshelf(...argv: string[]) {
  let out = '';
  let err = '';
  const exitCode = await run(argv, {
    io: { stdout: { write: (text) => (out += text) }, stderr: { write: (text) => (err += text) } },
    openPublisher: async () => publisher,
  });
  return { exitCode, out, err };
}
const load = (path: string, ...flags: string[]) => topshelf('load', path, '--placement', 'home', ...flags);

describe('load, and publish alike', () => {
  it('takes other names of columns, names for a file without a header, and the format', async () => {
    const mapped = await folder.file('customer,sku,p\nu,a,1\n');
    const map = ['--map', 'entity=Customer', '--map', 'CLASS = sku', '--map', 'SCORE=p'];
    expect(await load(mapped, ...map)).toMatchObject({ exitCode: EXIT.done });
    const bare = await folder.file('u,x,a,1\n');
    expect(await load(bare, '--columns', 'ENTITY, _,CLASS,SCORE')).toMatchObject({ exitCode: EXIT.done });
    const text = await folder.file('{ENTITY,CLASS,SCORE\n');
    const refused = await load(text, '--format', 'parquet');
    expect(refused).toMatchObject({ exitCode: EXIT.badData });
    expect(refused.err).toContain('cannot be read as Parquet');
  });

  it('leaves bad rows out up to the share allowed, says where they are, and keeps samples in the manifest', async () => {
    const path = await folder.file('ENTITY,CLASS,SCORE\nu,a,1\nu,b,none\n');
    const rejects = join(folder.path, 'rejects.jsonl');
    const stopped = await load(path, '--rejects', rejects);
    expect(stopped).toMatchObject({ exitCode: EXIT.badData });
    expect(stopped.err).toContain('1 of 2 rows are bad (50 %; --max-rejects allows 0.1 %)');

    const passed = await load(path, '--rejects', rejects, '--max-rejects', '50%', '--json');
    expect(passed.err).toContain(`left out 1 bad rows: ${rejects}`);
    const { version } = JSON.parse(passed.out) as { version: string };
    const manifest = await readManifest(publisher.archive, 'home', version, never);
    const row = JSON.parse(await readFile(rejects, 'utf8')) as unknown;
    expect(row).toEqual({
      file: path,
      record: 2,
      line: 3,
      reason: 'score "none" is not a finite number',
      text: 'u,b,none',
    });
    expect(manifest).toMatchObject({ rows: 1, rejected: 1, rejectedSamples: [row] });
  });

  it.each([
    ['--format', 'xml', 'Allowed choices are csv, parquet, json, personalize'],
    ['--columns', 'ENTITY,,SCORE', 'has an empty name'],
    ['--columns', 'ENTITY,CLASS', '--columns ENTITY,CLASS: column SCORE is missing'],
    [
      '--columns',
      'ENTITY,CLASS,SCORE,score',
      '--columns ENTITY,CLASS,SCORE,score names column SCORE more than',
    ],
    ['--map', 'USER=customer_id', 'is not NAME=column'],
    ['--map', 'ENTITY', 'is not NAME=column'],
    ['--max-rejects', '2', 'is not a share from 0 to 1'],
    ['--max-rejects', '101%', 'is not a share from 0 to 1'],
    ['--max-rejects', 'few', 'is not a share from 0 to 1'],
  ])('refuses %s %s', async (flag, value, message) => {
    const { exitCode, err } = await load('none.csv', flag, value);
    expect(exitCode).toBe(EXIT.usage);
    expect(err).toContain(message);
  });

  it('refuses a --map to a column that --columns does not have, before it reads', async () => {
    const { exitCode, err } = await load(
      'none.csv',
      '--columns',
      'ENTITY,CLASS,SCORE',
      '--map',
      'RANK=place',
    );
    expect(exitCode).toBe(EXIT.usage);
    expect(err).toContain('column place is missing, which RANK is mapped to');
  });

  it('takes no column and no list of columns twice', async () => {
    const twice = await load('none.csv', '--map', 'ENTITY=user', '--map', 'entity=customer');
    expect(twice).toMatchObject({ exitCode: EXIT.usage });
    expect(twice.err).toContain('ENTITY is mapped to "user" already');
    const lists = await load(
      'none.csv',
      '--columns',
      'ENTITY,CLASS,SCORE',
      '--columns',
      'CLASS,ENTITY,SCORE',
    );
    expect(lists).toMatchObject({ exitCode: EXIT.usage });
    expect(lists.err).toContain('it is given twice');
  });

  it('takes a percentage for the very share it is', async () => {
    const rows = Array.from({ length: 993 }, (_, at) => `u,p${at},1\n`).join('');
    const path = await folder.file(`ENTITY,CLASS,SCORE\n${rows}${'u,,1\n'.repeat(7)}`);
    const rejects = ['--rejects', join(folder.path, 'seven.jsonl')];
    expect(await load(path, ...rejects, '--max-rejects', '0.7%')).toMatchObject({ exitCode: EXIT.done });
    expect(await load(path, ...rejects, '--max-rejects', '0.69%')).toMatchObject({ exitCode: EXIT.badData });
  });

  it.each(['0', '0.001', '.5', '1', '0.1%', '100 %'])('takes a share of %s', async (share) => {
    expect(await load('none.csv', '--max-rejects', share)).toMatchObject({ exitCode: EXIT.badData });
  });
});
