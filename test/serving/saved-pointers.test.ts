import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { decodePointer, encodePointer } from '../../src/pointer/codec.ts';
import { createSavedPointers, readBootstrapPointers } from '../../src/serving/saved-pointers.ts';
import { list, pointerTo, sealedTable } from '../support/versions.ts';

const ONE = { number: 1, users: { anna: list('a1', 'b1') } };
const TWO = { number: 2, users: { anna: list('a2', 'b2') } };

describe('saved pointers on disk', () => {
  async function directory(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'topshelf-saved-'));
    onTestFinished(() => rm(path, { recursive: true }));
    return path;
  }

  it('come back as they were saved, by placement', async () => {
    const saved = createSavedPointers(join(await directory(), 'made', 'on demand'), decodePointer);
    expect(await saved.placements()).toEqual([]);
    expect(await saved.load('home')).toBeUndefined();
    const pointer = pointerTo(sealedTable(ONE), 7, { blocked: ['é'] });
    await saved.save(pointerTo(sealedTable(TWO), 6));
    await saved.save(pointer);
    expect(await saved.load('home')).toMatchObject({ pointer });
    expect(await saved.placements()).toEqual(['home']);
  });

  it('are refused when damaged, cut short or of another placement', async () => {
    const root = await directory();
    const saved = createSavedPointers(root, decodePointer);
    const text = encodePointer(pointerTo(sealedTable(ONE), 7));
    for (const damaged of [text.slice(0, 200), text.replace('"epoch": 7', '"epoch": 8'), '', 'some_table']) {
      await writeFile(join(root, 'home.json'), damaged);
      await expect(saved.load('home')).rejects.toThrow(/home\.json/);
    }
    await writeFile(join(root, 'cart.json'), text);
    await expect(saved.load('cart')).rejects.toThrow(/cart/);
  });

  it('handed over as bootstrap files are read by placement, and a missing file is named', async () => {
    const root = await directory();
    const path = join(root, 'anything.json');
    await writeFile(path, encodePointer(pointerTo(sealedTable(ONE), 7)));
    expect([...(await readBootstrapPointers([path], decodePointer)).keys()]).toEqual(['home']);
    await expect(readBootstrapPointers([join(root, 'gone.json')], decodePointer)).rejects.toThrow(
      /gone\.json does not exist/,
    );
  });

  it.each([
    ['a named pipe', (path: string) => execFileSync('mkfifo', [path])],
    ['a link to a device', (path: string) => symlink('/dev/zero', path)],
  ])('are refused, without waiting or end, where %s is in their place', async (_, make) => {
    const root = await directory();
    await make(join(root, 'home.json'));
    const saved = createSavedPointers(root, decodePointer);
    await expect(saved.load('home')).rejects.toThrow('home.json is no regular file');
  });

  it('leave nothing behind where they cannot be put in their place', async () => {
    const root = await directory();
    await mkdir(join(root, 'home.json'));
    const saved = createSavedPointers(root, decodePointer);
    await expect(saved.save(pointerTo(sealedTable(ONE), 7))).rejects.toThrow();
    expect(await readdir(root)).toEqual(['home.json']);
  });
});
