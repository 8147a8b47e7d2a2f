import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFolder } from '../publishing/fixtures.ts';

const PROGRAM = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

let folder: Awaited<ReturnType<typeof createFolder>>;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(() => folder.remove());

/** Runs the program in a process of its own, in an empty folder, with pointers and archive under it. */
function topshelf(
  argv: readonly string[],
  environment: Record<string, string> = {},
  {
    interrupt,
    limit,
    unread,
  }: {
    readonly interrupt?: NodeJS.Signals;
    /** Blocks of 512 bytes, or of 1,024 in some shells, that a file may have at most. */
    readonly limit?: number;
    /** What nobody reads, as behind `| head`. */
    readonly unread?: 'stdout' | 'stderr';
  } = {},
) {
  const env = {
    PATH: process.env.PATH ?? '',
    TOPSHELF_POINTER: `file://${folder.path}/pointers`,
    TOPSHELF_ARCHIVE: `file://${folder.path}/archive`,
    ...environment,
  };
  return new Promise<{ exitCode: unknown; out: string; err: string }>((resolve) => {
    const words = [process.execPath, PROGRAM, ...argv];
    const [file = '', ...rest] =
      limit === undefined ? words : ['sh', '-c', `ulimit -f ${limit}; exec "$@"`, 'sh', ...words];
    const child = execFile(file, rest, { env, cwd: folder.path }, (error, out, err) => {
      resolve({ exitCode: error === null ? 0 : error.code, out, err });
    });
    if (unread !== undefined) child[unread]?.destroy();
    // Its first words say that it has begun to work.
    if (interrupt !== undefined) child.stderr?.once('data', () => child.kill(interrupt));
  });
}

describe('the program', () => {
  it('ends by itself with 0 when all went well', async () => {
    const { exitCode, out } = await topshelf(['status']);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^no placement has a pointer, /);
  });

  it('ends with 64 and every mistake of its configuration', async () => {
    const { exitCode, err } = await topshelf(['status'], {
      TOPSHELF_POINTER: 'ftp://x',
      TOPSHELF_ARCHIVE: '',
    });
    expect(exitCode).toBe(64);
    expect(err).toContain('TOPSHELF_POINTER');
    expect(err).toContain('TOPSHELF_ARCHIVE');
  });

  describe('says which variables to set', () => {
    const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    const unset = { ...credentials, AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
    // Nothing listens on port 1, which no program gets unless it asks for it.
    const nobody = { ...credentials, AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
    const home = ['--placement', 'home'];

    it.each([
      ['tables', 'DynamoDB', ['versions', ...home], {}],
      ['pointers', 'S3', ['status', ...home], { TOPSHELF_POINTER: 's3://shop/pointers' }],
      ['the archive', 'S3', ['versions', ...home], { TOPSHELF_ARCHIVE: 's3://shop/archive' }],
      ['input', 'S3', ['load', 's3://shop/day/', ...home], {}],
    ])(
      'where the region of %s is not known, and where nothing listens',
      async (_what, service, argv, places) => {
        const noRegion = await topshelf(argv, { ...unset, ...places });
        expect(noRegion.exitCode).toBe(69);
        expect(noRegion.err).toContain('Region is missing; set AWS_REGION');
        const refused = await topshelf(argv, { ...nobody, ...places });
        expect(refused.exitCode).toBe(69);
        expect(refused.err).toContain(
          `start ${service}'s server, or set AWS_ENDPOINT_URL_${service.toUpperCase()}`,
        );
      },
    );
  });

  it('ends with 65 for a truncated gzip, one document on stdout', async () => {
    const path = await folder.file(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]), 'cut.csv.gz');
    const { exitCode, out } = await topshelf(['load', path, '--placement', 'home', '--json']);
    expect(exitCode).toBe(65);
    expect(JSON.parse(out)).toMatchObject({ exitCode: 65, error: { code: 'bad-input' } });
  });

  it('stops at SIGINT with 1 and no stack, and leaves no files of its own', async () => {
    const rows = Array.from(
      { length: 1_500_000 },
      (_, at) => `user-${(at * 7919) % 100_003},product-${at},0.5`,
    );
    const path = await folder.file(['ENTITY,CLASS,SCORE', ...rows].join('\n'));
    const tempDir = `${folder.path}/temporary`;
    const running = topshelf(
      ['load', path, '--placement', 'home'],
      { TOPSHELF_TEMP_DIR: tempDir },
      { interrupt: 'SIGINT' },
    );
    const { exitCode, err } = await running;
    expect(err).toContain('topshelf: stopped by SIGINT\n');
    expect(exitCode).toBe(1);
    expect(err).not.toMatch(/\n\s+at /);
    const { readdir } = await import('node:fs/promises');
    expect(await readdir(tempDir).catch(() => [])).toEqual([]);
  });

  it.each(['stdout', 'stderr'] as const)('goes on where nobody reads its %s any more', async (unread) => {
    const path = await folder.file('ENTITY,CLASS,SCORE\nanna,mug,1\n');
    const argv = ['load', path, '--placement', 'home', '--estimate', '--json'];
    const { exitCode, out, err } = await topshelf(argv, {}, { unread });
    expect(exitCode).toBe(0);
    if (unread === 'stderr') expect(JSON.parse(out)).toMatchObject({ items: 1 });
    else expect(err).toMatch(/^reading .*\n$/);
  });

  // Files of at most a certain size stand for a disk that is full.
  it.skipIf(process.platform === 'win32').each([
    ['what was read', 100],
    ['what is kept', 2000],
  ])('ends with 69, and leaves nothing, where there is no room for %s', async (_, blocks) => {
    const rows = Array.from({ length: 200_000 }, (_, at) => `user-${(at * 7919) % 20_011},product-${at},0.5`);
    const path = await folder.file(['ENTITY,CLASS,SCORE', ...rows].join('\n'));
    const tempDir = `${folder.path}/full`;
    const { exitCode, out, err } = await topshelf(
      ['load', path, '--placement', 'home', '--estimate', '--json'],
      { TOPSHELF_TEMP_DIR: tempDir },
      { limit: blocks },
    );
    expect({ exitCode, error: (JSON.parse(out) as { error: unknown }).error }).toEqual({
      exitCode: 69,
      error: {
        code: 'unreachable',
        message: expect.stringMatching(/Point TOPSHELF_TEMP_DIR to a disk/) as string,
      },
    });
    expect(err).not.toMatch(/\n\s+at /);
    const { readdir } = await import('node:fs/promises');
    expect(await readdir(tempDir)).toEqual([]);
  });

  it('is executable by its own first line', async () => {
    const { stat, readFile } = await import('node:fs/promises');
    expect((await stat(PROGRAM)).mode & 0o111).not.toBe(0);
    expect((await readFile(PROGRAM, 'utf8')).startsWith('#!/usr/bin/env node\n')).toBe(true);
  });
});
