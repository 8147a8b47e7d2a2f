import { readFile, writeFile } from 'node:fs/promises';
import { LostRaceError, messageOf, UnreachableError } from '../domain/errors.ts';
import type { Archive } from './archive.ts';
import { keyParts } from './keys.ts';

/** An archive that lives as long as the process: for tests. */
export function createMemoryArchive(): Archive {
  const objects = new Map<string, { readonly body: Uint8Array; readonly state: string }>();
  let writes = 0;
  const put = (key: string, body: Uint8Array) => objects.set(key, { body, state: String(++writes) });

  const putOnce: Archive['putOnce'] = async (key, body, signal) => {
    keyParts(key);
    assertGoesOn(signal);
    if (objects.has(key)) return 'exists';
    put(key, Buffer.from(body));
    return 'written';
  };

  return {
    putOnce,
    async putFileOnce(key, path, signal) {
      return putOnce(key, await readFile(path), signal);
    },
    async replaceForErasure(key, { path, state }, signal) {
      keyParts(key);
      assertGoesOn(signal);
      const body = await readFile(path);
      if (objects.get(key)?.state !== state)
        throw new LostRaceError(`${key} is not what was copied any more; erase again`);
      put(key, body);
    },
    async get(key, signal) {
      assertGoesOn(signal);
      return objects.get(key)?.body.slice() ?? null;
    },
    async getFile(key, path, signal) {
      assertGoesOn(signal);
      const object = objects.get(key);
      if (object === undefined) return null;
      await writeFile(path, object.body);
      return object.state;
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
