import { readFile, writeFile } from 'node:fs/promises';
import type { Archive } from './archive.ts';
import { keyParts } from './keys.ts';

/** An archive that lives as long as the process: for tests. */
export function createMemoryArchive(): Archive {
  const objects = new Map<string, Uint8Array>();

  const putOnce = async (key: string, body: Uint8Array | string): Promise<'written' | 'exists'> => {
    keyParts(key);
    if (objects.has(key)) return 'exists';
    objects.set(key, Buffer.from(body));
    return 'written';
  };

  return {
    putOnce,
    async putFileOnce(key, path) {
      return putOnce(key, await readFile(path));
    },
    async replaceForErasure(key, path) {
      keyParts(key);
      if (!objects.has(key)) return 'absent';
      objects.set(key, await readFile(path));
      return 'replaced';
    },
    async get(key) {
      return objects.get(key)?.slice() ?? null;
    },
    async getFile(key, path) {
      const body = objects.get(key);
      if (body === undefined) return false;
      await writeFile(path, body);
      return true;
    },
    async list(prefix) {
      return [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    },
    close() {
      // Nothing is open.
    },
  };
}
