import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../../src/cli/exit-codes.ts';
import { checkRows } from '../../../src/publishing/input/check-rows.ts';
import { openWorkbench, type Workbench } from '../../../src/publishing/input/duckdb.ts';
import { inspectFile } from '../../../src/publishing/input/input-file.ts';
import { openSource, type Opening, type Source } from '../../../src/publishing/input/open-sources.ts';
import { createRejects } from '../../../src/publishing/input/rejects.ts';
import { createFolder, never } from '../fixtures.ts';

const memoryLimitBytes = 256 * 1024 * 1024;

describe('a row that SQL finds bad and TypeScript does not', () => {
  let folder: Awaited<ReturnType<typeof createFolder>>;
  let workbench: Workbench;
  let path: string;
  let opening: Opening;
  let source: Source;
  beforeEach(async () => {
    folder = await createFolder();
    workbench = await openWorkbench({ memoryLimitBytes, tempDir: folder.path, signal: never });
    path = await folder.file('ENTITY,CLASS,SCORE\nu,p,1\nv,p,1\nv,,1\n');
    opening = {
      ...{ request: {}, folder: workbench.folder, now: Date.now(), signal: never },
      connection: await workbench.connect(),
      rejects: createRejects(join(folder.path, 'rejects')),
    };
    const file = await inspectFile({ path, localPath: path }, join(folder.path, 'unpacked'), never);
    const opened = await openSource(file, 0, opening);
    source = { ...opened, rows: { ...opened.rows, score: 'NULL::DOUBLE' } };
  });
  afterEach(async () => {
    await workbench.close();
    await folder.remove();
  });
  const failure = () =>
    checkRows([source], opening, memoryLimitBytes).catch((error: unknown) => error as Error);

  it('is a defect of topshelf, and reported as one', async () => {
    const error = await failure();
    expect(exitCodeOf(error)).toBe(1);
    expect((error as Error).message).toContain('a defect of topshelf, not of the data');
    expect((error as Error).message).toContain('In SQL 3 rows are bad, in TypeScript 1. Please report');
  });

  it('is none where the file was changed between the two readings', async () => {
    await appendFile(path, 'w,p,1\n');
    const error = await failure();
    expect(exitCodeOf(error)).toBe(65);
    expect((error as Error).message).toContain(`${path} changed while it was read`);
  });
});
