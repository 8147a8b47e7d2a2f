import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Archive } from '../../src/archive/archive.ts';
import { LostRaceError, UnreachableError } from '../../src/domain/errors.ts';

const never = new AbortController().signal;

/** What every archive keeps. `open` makes an empty one. */
export function archiveContract(name: string, open: () => Promise<Archive>): void {
  describe(`${name} as an archive`, () => {
    let archive: Archive;
    let folder: string;
    const text = async (key: string): Promise<string | undefined> => {
      const body = await archive.get(key, never);
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
      expect(await archive.putOnce('home/activations/1.json', 'één', never)).toBe('written');
      expect(await text('home/activations/1.json')).toBe('één');
    });

    it('never changes an object that exists', async () => {
      await archive.putOnce('home/activations/1.json', 'first', never);
      expect(await archive.putOnce('home/activations/1.json', 'second', never)).toBe('exists');
      expect(await text('home/activations/1.json')).toBe('first');
    });

    it('lets exactly one of many concurrent writers win', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, writer) =>
          archive.putOnce('home/activations/2.json', `writer ${writer}`, never),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1);
      expect(await text('home/activations/2.json')).toBe(`writer ${outcomes.indexOf('written')}`);
    });

    it('says null for an object that is not there', async () => {
      expect(await archive.get('home/activations/9.json', never)).toBeNull();
      expect(await archive.getFile('home/activations/9.json', join(folder, 'copy'), never)).toBeNull();
    });

    it('takes and gives files, once and byte for byte', async () => {
      const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251));
      const source = join(folder, 'source');
      await writeFile(source, bytes);
      expect(await archive.putFileOnce('home/versions/v1/predictions.parquet', source, never)).toBe(
        'written',
      );
      expect(await archive.putFileOnce('home/versions/v1/predictions.parquet', source, never)).toBe('exists');
      expect(
        await archive.getFile('home/versions/v1/predictions.parquet', join(folder, 'copy'), never),
      ).not.toBeNull();
      expect((await readFile(join(folder, 'copy'))).equals(bytes)).toBe(true);
    });

    describe('which replaces an object for an erasure alone', () => {
      const key = 'home/versions/v1/predictions.parquet';
      const copied = async () => (await archive.getFile(key, join(folder, 'copy'), never)) ?? 'nothing there';
      const replace = async (body: string, state: string) => {
        const path = join(folder, body);
        await writeFile(path, body);
        return archive.replaceForErasure(key, { path, state }, never);
      };

      it('puts a file in the place of what was copied', async () => {
        await archive.putOnce(key, 'all users', never);
        await replace('without one', await copied());
        await replace('without two', await copied());
        expect(await text(key)).toBe('without two');
        expect(await archive.putOnce(key, 'again', never)).toBe('exists');
        expect(await archive.list('home/', never)).toEqual([key]);
      });

      it('leaves alone what was replaced since it was copied', async () => {
        await archive.putOnce(key, 'all users', never);
        const state = await copied();
        await replace('without one', state);
        await expect(replace('without the other', state)).rejects.toBeInstanceOf(LostRaceError);
        expect(await text(key)).toBe('without one');
      });

      it('lets exactly one of many that copied the same replace it', async () => {
        await archive.putOnce(key, 'all users', never);
        const state = await copied();
        const outcomes = await Promise.allSettled(
          Array.from({ length: 8 }, (_, writer) => replace(`without ${writer}`, state)),
        );
        const won = outcomes.flatMap(({ status }, writer) => (status === 'fulfilled' ? [writer] : []));
        expect(won).toHaveLength(1);
        expect(await text(key)).toBe(`without ${won[0]}`);
        const refusals = outcomes.filter((outcome) => outcome.status === 'rejected');
        for (const { reason } of refusals) expect(reason).toBeInstanceOf(LostRaceError);
        expect(await archive.list('home/', never)).toEqual([key]);
      });

      it('makes none where there is none', async () => {
        await archive.putOnce(key, 'all users', never);
        const state = await copied();
        const elsewhere = { path: join(folder, 'copy'), state };
        for (const none of ['home/versions/v1/none.parquet', 'home/versions/v2/predictions.parquet']) {
          const attempt = archive.replaceForErasure(none, elsewhere, never);
          await expect(attempt).rejects.toBeInstanceOf(LostRaceError);
        }
        expect(await archive.list('home/', never)).toEqual([key]);
      });
    });

    it('lists keys by prefix, sorted, and nothing else', async () => {
      for (const key of ['home/activations/2.json', 'home/activations/10.json', 'home2/activations/1.json']) {
        await archive.putOnce(key, '{}', never);
      }
      expect(await archive.list('home/activations/', never)).toEqual([
        'home/activations/10.json',
        'home/activations/2.json',
      ]);
      expect(await archive.list('home/activations/1', never)).toEqual(['home/activations/10.json']);
      expect(await archive.list('home', never)).toHaveLength(3);
      expect(await archive.list('cart/', never)).toEqual([]);
    });

    it('lists the folders at its top, each once, and nothing else', async () => {
      expect(await archive.listFolders(never)).toEqual([]);
      for (const key of ['home/activations/2.json', 'cart/runs/a.json', 'home/versions/v/b.json']) {
        await archive.putOnce(key, '{}', never);
      }
      expect(await archive.listFolders(never)).toEqual(['cart', 'home']);
    });

    it('is not asked by a caller that has given up, and writes nothing for one', async () => {
      const key = 'home/activations/1.json';
      const [source, copy] = [join(folder, 'source'), join(folder, 'copy')];
      await writeFile(source, 'file');
      const gone = AbortSignal.abort(new Error('stopped'));
      for (const attempt of [
        () => archive.putOnce(key, 'x', gone),
        () => archive.putFileOnce(key, source, gone),
        () => archive.replaceForErasure(key, { path: source, state: '1' }, gone),
        () => archive.get(key, gone),
        () => archive.getFile(key, copy, gone),
        () => archive.list('home/', gone),
        () => archive.listFolders(gone),
      ]) {
        await expect(attempt()).rejects.toBeInstanceOf(UnreachableError);
      }
      expect(await archive.list('', never)).toEqual([]);
    });

    it('has the whole object, or none, of a caller that gives up in the midst of it', async () => {
      const key = 'home/versions/v1/predictions.parquet';
      const source = join(folder, 'source');
      await writeFile(source, Buffer.alloc(4_000_000, 'x'));
      const stop = new AbortController();
      const attempt = archive.putFileOnce(key, source, stop.signal).catch((error: unknown) => error);
      setTimeout(() => stop.abort(new Error('stopped')), 2);
      const outcome = await attempt;
      const body = await archive.get(key, never);
      expect([null, 4_000_000]).toContain(body?.length ?? null);
      if (outcome === 'written') expect(body).toHaveLength(4_000_000);
      else expect(outcome).toBeInstanceOf(UnreachableError);
    });

    it.each(['', '/etc/passwd', '../up', 'a/../b', 'a//b', 'a/b/'])('refuses the key %j', async (key) => {
      await expect((async () => archive.putOnce(key, 'x', never))()).rejects.toThrow('is not an archive key');
    });
  });
}
