import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectFile, type InputFile } from '../../../src/publishing/input/input-file.ts';
import { createRejects, type Rejects } from '../../../src/publishing/input/rejects.ts';
import { createFolder, never } from '../fixtures.ts';
import { collectGarbage } from '../../support/collect-garbage.ts';

const MB = 1024 * 1024;

/** How much more is in memory after some work than before it, in MB. */
async function grownMb(work: () => Promise<unknown>): Promise<number> {
  const used = async () => {
    collectGarbage();
    // What was closed last lets go of its buffers on the next turn.
    await setImmediate();
    collectGarbage();
    // Buffers and long texts lie outside of the heap.
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = await used();
  await work();
  return ((await used()) - before) / MB;
}

/** Adds a bad row whose text is 8 MB long. */
function addLong(rejects: Rejects, record: number): Promise<void> {
  const text = Buffer.alloc(8 * MB, 'x').toString('latin1');
  return rejects.add({ file: 'long.json', record, reason: 'is not JSON', text });
}

describe('what stays in memory', () => {
  let folder: Awaited<ReturnType<typeof createFolder>>;
  beforeAll(async () => {
    folder = await createFolder();
  });
  afterAll(() => folder.remove());

  it('of an input file is what is known of it, and nothing of its content', async () => {
    const path = await folder.file(`ENTITY,CLASS,SCORE\n${'user,product,0.5\n'.repeat(20_000)}`);
    const files: InputFile[] = [];
    const grown = await grownMb(async () => {
      for (let file = 0; file < 200; file += 1) {
        files.push(await inspectFile({ path, localPath: path }, join(folder.path, 'unpacked'), never));
      }
    });
    expect(files).toHaveLength(200);
    // The first chunks of 200 such files are 50 MB.
    expect(grown).toBeLessThan(20);
  });

  it('of a bad row is what is shown of it, however long it is', async () => {
    const rejects = createRejects(join(folder.path, 'rejects'));
    const grown = await grownMb(async () => {
      for (let record = 0; record < 10; record += 1) {
        await addLong(rejects, record);
      }
    });
    await rejects.discard();
    expect(rejects.samples.map(({ text }) => text)).toEqual(
      Array.from({ length: 10 }, () => 'x'.repeat(500)),
    );
    // Two of ten, because the last may not be garbage yet.
    expect(grown).toBeLessThan(20);
  });
});
