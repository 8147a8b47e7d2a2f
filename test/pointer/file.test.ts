import { execFileSync } from 'node:child_process';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LostRaceError } from '../../src/domain/errors.ts';
import { createFilePointers } from '../../src/pointer/file.ts';
import type { PointerSource } from '../../src/pointer/pointer-source.ts';
import type { PointerWriter } from '../../src/pointer/pointer-writer.ts';
import { describePointerContract } from '../contracts/pointer.contract.ts';
import { examplePointer } from './example-pointer.ts';

const never = new AbortController().signal;

describePointerContract('file', {
  deadlineMs: 5_000,
  cannot: { 'lose replies': 'a hard link on a local disk either failed or did not' },
  async start() {
    const base = await mkdtemp(join(tmpdir(), 'topshelf-pointers-'));
    const root = join(base, 'root');
    return {
      open: () => createFilePointers({ root }),
      async putRaw(placement, content) {
        const directory = join(root, placement);
        await mkdir(directory, { recursive: true });
        const numbers = (await readdir(directory))
          .map((name) => parseInt(name))
          .filter((number) => number > 0);
        await writeFile(join(directory, `${Math.max(0, ...numbers) + 1}.json`), content);
      },
      remove: (placement) => rm(join(root, placement), { recursive: true }),
      // A file where the directory was: the disk answers, and nothing of what was there can be reached.
      async break() {
        await mkdir(root, { recursive: true });
        await rename(root, join(base, 'away'));
        await writeFile(root, '');
      },
      async mend() {
        await rm(root);
        await rename(join(base, 'away'), root);
      },
      loseNextReply: () => undefined,
      loseHints: () => undefined,
      release: () => rm(base, { recursive: true }),
    };
  },
});

describe('file pointers', () => {
  let root: string;
  let pointers: PointerSource & PointerWriter;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'topshelf-pointers-'));
    pointers = createFilePointers({ root });
  });
  afterEach(async () => {
    await pointers.close();
    await rm(root, { recursive: true });
  });

  const writeEpochs = async (from: number, to: number, token: string | null) => {
    for (let epoch = from; epoch <= to; epoch++) {
      token = await pointers.write(examplePointer({ epoch }), token, never);
    }
    return token;
  };
  const namesIn = async (placement: string) => (await readdir(join(root, placement))).sort();

  it('are named after their epoch, and leave no temporary file behind', async () => {
    await writeEpochs(1, 3, null);
    expect(await namesIn('home')).toEqual(['1.json', '2.json', '3.json']);
  });

  it('count by number, not by name: 10 comes after 9', async () => {
    const token = await writeEpochs(1, 10, null);
    expect(await pointers.read('home', never, token ?? undefined)).toEqual({ kind: 'unchanged' });
  });

  it('count as changed when the file is edited in place', async () => {
    const token = await writeEpochs(1, 1, null);
    await appendFile(join(root, 'home', '1.json'), ' ');
    expect((await pointers.read('home', never, token ?? undefined)).kind).toBe('found');
    await expect(pointers.write(examplePointer({ epoch: 2 }), token, never)).rejects.toThrow(LostRaceError);
  });

  it('keep the last fifty', async () => {
    await writeEpochs(1, 53, null);
    const names = await namesIn('home');
    expect(names).toHaveLength(50);
    expect(names).not.toContain('3.json');
    expect(names).toContain('4.json');
  });

  it('stay behind a writer that was frozen for longer than files are kept', async () => {
    const first = await writeEpochs(1, 1, null);
    await writeEpochs(2, 60, first);
    await expect(pointers.write(examplePointer({ epoch: 2 }), first, never)).rejects.toThrow(LostRaceError);
  });

  it('ignore temporary files, and delete those whose writer died long ago', async () => {
    await mkdir(join(root, 'home'));
    const [dead, alive] = [join(root, 'home', '.dead.tmp'), join(root, 'home', '.alive.tmp')];
    await writeFile(dead, 'half a poin');
    await writeFile(alive, 'half a poin');
    await utimes(dead, 0, 0);
    expect(await pointers.read('home', never)).toEqual({ kind: 'absent' });
    expect(await pointers.listPlacements(never)).toEqual([]);
    await writeEpochs(1, 1, null);
    expect(await namesIn('home')).toEqual(['.alive.tmp', '1.json']);
  });

  it.each([
    ['a named pipe', (path: string) => execFileSync('mkfifo', [path])],
    ['a link to a device', (path: string) => symlink('/dev/zero', path)],
    ['a directory', (path: string) => mkdir(path)],
  ])('are not waited for where %s is in their place, and are read again when it is gone', async (_, make) => {
    const path = join(root, 'home', '7.json');
    await mkdir(join(root, 'home'));
    await make(path);
    // More often than there are threads that could wait.
    for (let times = 1; times <= 10; times += 1)
      await expect(pointers.read('home', never)).rejects.toThrow('7.json is no regular file');
    await rm(path, { recursive: true });
    await writeFile(path, 'topshelf-by-hand');
    expect(await pointers.read('home', never)).toMatchObject({ kind: 'found' });
  });

  it('are not written behind a number that leaves no room for another', async () => {
    await mkdir(join(root, 'home'));
    await writeFile(join(root, 'home', `${'9'.repeat(15)}.json`), 'topshelf-by-hand');
    const reading = await pointers.read('home', never);
    const token = reading.kind === 'found' ? reading.token : null;
    await expect(pointers.write(examplePointer({ epoch: 2 }), token, never)).rejects.toThrow(
      '1000000000000000.json has more digits',
    );
    expect(await namesIn('home')).toEqual([`${'9'.repeat(15)}.json`]);
  });

  it('can be watched before their directory exists', async () => {
    const early = createFilePointers({ root: join(root, 'not', 'there') });
    const stop = early.watch('home', () => undefined);
    expect(await early.read('home', never)).toEqual({ kind: 'absent' });
    stop();
    await early.close();
  });
});
