import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf, PointerRejectedError } from '../domain/errors.ts';
import { isPlacement } from '../domain/ids.ts';
import type { Pointer } from '../domain/pointer.ts';
import { encodePointer, type DecodePointer } from '../pointer/codec.ts';
import { readPointerFile } from '../pointer/read-file.ts';
import type { Adopted } from './pointer-watcher.ts';

/** The last pointer of each placement that this server served: what it starts from when the pointer store is away. */
export interface SavedPointers {
  /** Rejects where the disk does; what was saved before stays then. */
  save(pointer: Pointer): Promise<void>;
  /** The saved pointer; undefined where there is none. Rejects where there is one that cannot be used. */
  load(placement: string): Promise<Adopted | undefined>;
  /** Every placement that has a saved pointer. */
  placements(): Promise<string[]>;
}

const ENDING = '.json';

/** Keeps one file a placement in `directory`, each replaced as a whole. The disk is believed no more than a store is. */
export function createSavedPointers(directory: string, decode: DecodePointer): SavedPointers {
  const pathOf = (placement: string) => join(directory, `${placement}${ENDING}`);
  return {
    async save(pointer) {
      await mkdir(directory, { recursive: true });
      const path = pathOf(pointer.placement);
      const temporary = `${path}.${randomUUID()}`;
      const file = await open(temporary, 'wx');
      try {
        await file.writeFile(encodePointer(pointer));
        await file.sync();
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      } finally {
        await file.close();
      }
    },
    load: (placement) => readPointerAt(pathOf(placement), placement, decode),
    async placements() {
      const names = await readdir(directory).catch(orNothing);
      return (names ?? [])
        .filter((name) => name.endsWith(ENDING))
        .map((name) => basename(name, ENDING))
        .filter(isPlacement);
    },
  };
}

/**
 * Pointers by placement, from files in the pointer's JSON form that were handed to the server for its first start.
 * Throws PointerRejectedError, naming the file, for one that cannot be used.
 */
export async function readBootstrapPointers(
  paths: readonly string[],
  decode: DecodePointer,
): Promise<Map<string, Adopted>> {
  const pointers = new Map<string, Adopted>();
  for (const path of paths) {
    const found = await readPointerAt(path, undefined, decode);
    if (found === undefined)
      throw new PointerRejectedError('malformed', `bootstrap pointer ${path} does not exist`);
    pointers.set(found.pointer.placement, found);
  }
  return pointers;
}

async function readPointerAt(
  path: string,
  placement: string | undefined,
  decode: DecodePointer,
): Promise<Adopted | undefined> {
  try {
    const found = await readPointerFile(path).catch(orNothing);
    if (found === undefined) return undefined;
    const decoded = decode(found.content, placement);
    if (decoded.kind === 'pointer') return decoded;
  } catch (error) {
    throw new PointerRejectedError('malformed', `${path} cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
  throw new PointerRejectedError(
    'malformed',
    `${path} holds a bare table name; it must be a pointer in JSON form`,
  );
}

function orNothing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
