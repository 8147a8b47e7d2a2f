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
function topshelf(argv: readonly string[], environment: Record<string, string> = {}) {
  const env = {
    PATH: process.env.PATH ?? '',
    TOPSHELF_POINTER: `file://${folder.path}/pointers`,
    TOPSHELF_ARCHIVE: `file://${folder.path}/archive`,
    ...environment,
  };
  return new Promise<{ exitCode: unknown; out: string; err: string }>((resolve) => {
    execFile(process.execPath, [PROGRAM, ...argv], { env, cwd: folder.path }, (error, out, err) => {
      resolve({ exitCode: error === null ? 0 : error.code, out, err });
    });
  });
}

describe('the program', () => {
  it('ends by itself with 0 when all went well', async () => {
    expect(await topshelf(['status'])).toMatchObject({ exitCode: 0, out: 'no placement has a pointer\n' });
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

  it('ends with 65 for a truncated gzip, one document on stdout', async () => {
    const path = await folder.file(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]), 'cut.csv.gz');
    const { exitCode, out } = await topshelf(['load', path, '--placement', 'home', '--json']);
    expect(exitCode).toBe(65);
    expect(JSON.parse(out)).toMatchObject({ exitCode: 65, error: { code: 'bad-input' } });
  });

  it('is executable by its own first line', async () => {
    const { stat, readFile } = await import('node:fs/promises');
    expect((await stat(PROGRAM)).mode & 0o111).not.toBe(0);
    expect((await readFile(PROGRAM, 'utf8')).startsWith('#!/usr/bin/env node\n')).toBe(true);
  });
});
