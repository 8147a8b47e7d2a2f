import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Archive } from '../../src/archive/archive.ts';

/** What every archive keeps. `open` makes an empty one. */
export function archiveContract(name: string, open: () => Promise<Archive>): void {
  describe(`${name} as an archive`, () => {
    let archive: Archive;
    let folder: string;
    const text = async (key: string): Promise<string | undefined> => {
      const body = await archive.get(key);
      return body === null ? undefined : Buffer.from(body).toString();
    };

    beforeEach(async () => {
      archive = await open();
      folder = await mkdtemp(join(tmpdir(), 'topshelf-archive-'));
    });
    afterEach(async () => {
      archive.close();
      await rm(folder, { recursive: true, force: true });
    });

    it('gives back what was put', async () => {
      expect(await archive.putOnce('home/activations/1.json', 'één')).toBe('written');
      expect(await text('home/activations/1.json')).toBe('één');
    });

    it('never changes an object that exists', async () => {
      await archive.putOnce('home/activations/1.json', 'first');
      expect(await archive.putOnce('home/activations/1.json', 'second')).toBe('exists');
      expect(await text('home/activations/1.json')).toBe('first');
    });

    it('lets exactly one of many concurrent writers win', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, writer) =>
          archive.putOnce('home/activations/2.json', `writer ${writer}`),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1);
      expect(await text('home/activations/2.json')).toBe(`writer ${outcomes.indexOf('written')}`);
    });

    it('says null for an object that is not there', async () => {
      expect(await archive.get('home/activations/9.json')).toBeNull();
      expect(await archive.getFile('home/activations/9.json', join(folder, 'copy'))).toBe(false);
    });

    it('takes and gives files, once and byte for byte', async () => {
      const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251));
      const source = join(folder, 'source');
      await writeFile(source, bytes);
      expect(await archive.putFileOnce('home/versions/v1/predictions.parquet', source)).toBe('written');
      expect(await archive.putFileOnce('home/versions/v1/predictions.parquet', source)).toBe('exists');
      expect(await archive.getFile('home/versions/v1/predictions.parquet', join(folder, 'copy'))).toBe(true);
      expect((await readFile(join(folder, 'copy'))).equals(bytes)).toBe(true);
    });

    it('replaces an object by a file for an erasure alone, and makes none', async () => {
      const [source, copy] = [join(folder, 'without'), join(folder, 'copy')];
      await writeFile(source, 'without the user');
      const key = 'home/versions/v1/predictions.parquet';
      expect(await archive.replaceForErasure(key, source)).toBe('absent');
      expect(await archive.list('home/')).toEqual([]);
      await archive.putOnce(key, 'with the user');
      expect(await archive.replaceForErasure(key, source)).toBe('replaced');
      expect(await archive.getFile(key, copy)).toBe(true);
      expect(await readFile(copy, 'utf8')).toBe('without the user');
      expect(await archive.putOnce(key, 'again')).toBe('exists');
      expect(await archive.list('home/')).toEqual([key]);
    });

    it('lists keys by prefix, sorted, and nothing else', async () => {
      for (const key of ['home/activations/2.json', 'home/activations/10.json', 'home2/activations/1.json']) {
        await archive.putOnce(key, '{}');
      }
      expect(await archive.list('home/activations/')).toEqual([
        'home/activations/10.json',
        'home/activations/2.json',
      ]);
      expect(await archive.list('home/activations/1')).toEqual(['home/activations/10.json']);
      expect(await archive.list('home')).toHaveLength(3);
      expect(await archive.list('cart/')).toEqual([]);
    });

    it.each(['', '/etc/passwd', '../up', 'a/../b', 'a//b', 'a/b/'])('refuses the key %j', async (key) => {
      await expect((async () => archive.putOnce(key, 'x'))()).rejects.toThrow('is not an archive key');
    });
  });
}
