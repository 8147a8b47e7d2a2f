import { readFile, writeFile } from 'node:fs/promises';
import { messageOf, UnreachableError } from '../domain/errors.ts';
import type { Archive } from './archive.ts';
import { keyParts } from './keys.ts';

/** An archive that lives as long as the process: for tests. */
export function createMemoryArchive(): Archive {
  const objects = new Map<string, Uint8Array>();

  const putOnce: Archive['putOnce'] = async (key, body, signal) => {
    keyParts(key);
    assertGoesOn(signal);
    if (objects.has(key)) return 'exists';
    objects.set(key, Buffer.from(body));
    return 'written';
  };

  return {
    putOnce,
    async putFileOnce(key, path, signal) {
      return putOnce(key, await readFile(path), signal);
    },
    async replaceForErasure(key, path, signal) {
      keyParts(key);
      assertGoesOn(signal);
      if (!objects.has(key)) return 'absent';
      objects.set(key, await readFile(path));
      return 'replaced';
    },
    async get(key, signal) {
      assertGoesOn(signal);
      return objects.get(key)?.slice() ?? null;
    },
    async getFile(key, path, signal) {
      assertGoesOn(signal);
      const body = objects.get(key);
      if (body === undefined) return false;
      await writeFile(path, body);
      return true;
    },
    async list(prefix, signal) {
      assertGoesOn(signal);
      return [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    },
    async listFolders(signal) {
      assertGoesOn(signal);
      const nested = [...objects.keys()].filter((key) => key.includes('/'));
      return [...new Set(nested.map((key) => key.slice(0, key.indexOf('/'))))].sort();
    },
    close() {
      // Nothing is open.
    },
  };
}

function assertGoesOn({ aborted, reason }: AbortSignal): void {
  if (aborted)
    throw new UnreachableError(`the archive was not asked: ${messageOf(reason)}`, { cause: reason });
}
