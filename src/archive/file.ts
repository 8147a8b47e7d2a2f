import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import {
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LostRaceError, messageOf, TopshelfError, UnreachableError } from '../domain/errors.ts';
import type { Archive } from './archive.ts';
import { keyParts } from './keys.ts';

export interface FileArchiveOptions {
  /** The directory that holds everything; made where it is missing. */
  readonly root: string;
}

const TEMPORARY = '.tmp';

/** An archive in a directory, which several hosts may share over a file system with hard links. */
export function createFileArchive({ root }: FileArchiveOptions): Archive {
  const pathOf = (key: string): string => join(root, ...keyParts(key));

  // A link, unlike a rename, fails where the name is taken: the object appears whole, once, or not at all.
  async function putOnce(
    key: string,
    fill: (temporary: string) => Promise<void>,
    signal: AbortSignal,
  ): Promise<'written' | 'exists'> {
    const path = pathOf(key);
    const temporary = `${path}.${randomUUID()}${TEMPORARY}`;
    try {
      signal.throwIfAborted();
      await mkdir(dirname(path), { recursive: true });
      await fill(temporary);
      await flush(temporary);
      signal.throwIfAborted();
      await link(temporary, path);
      return 'written';
    } catch (error) {
      if (isCode(error, 'EEXIST')) return 'exists';
      throw unreachable(`writing ${path}`, error);
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  return {
    putOnce(key, body, signal) {
      return putOnce(key, (temporary) => writeFile(temporary, body, { flag: 'wx', signal }), signal);
    },

    putFileOnce(key, source, signal) {
      const fill = async (temporary: string) => void (await copy(source, temporary, 'wx', signal));
      return putOnce(key, fill, signal);
    },

    async replaceForErasure(key, { path: source, state }, signal) {
      const path = pathOf(key);
      const temporary = `${path}.${randomUUID()}${TEMPORARY}`;
      try {
        signal.throwIfAborted();
        await assertState(path, state);
        await copy(source, temporary, 'wx', signal);
        await flush(temporary);
        signal.throwIfAborted();
        // A rename takes the place of whatever is there: nothing else may, between the look and the rename.
        await alone(path, async () => {
          await assertState(path, state);
          await rename(temporary, path);
        });
      } catch (error) {
        throw unreachable(`replacing ${path}`, error);
      } finally {
        await rm(temporary, { force: true }).catch(() => undefined);
      }
    },

    async get(key, signal) {
      const path = pathOf(key);
      try {
        return await readFile(path, { signal });
      } catch (error) {
        if (isCode(error, 'ENOENT')) return null;
        throw unreachable(`reading ${path}`, error);
      }
    },

    async getFile(key, target, signal) {
      const path = pathOf(key);
      try {
        signal.throwIfAborted();
        return await copy(path, target, 'w', signal);
      } catch (error) {
        if (isCode(error, 'ENOENT')) return null;
        throw unreachable(`copying ${path}`, error);
      }
    },

    async list(prefix, signal) {
      const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      try {
        signal.throwIfAborted();
        const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
        return entries
          .filter((entry) => entry.isFile() && !entry.name.endsWith(TEMPORARY))
          .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
          .filter((key) => key.startsWith(prefix))
          .sort();
      } catch (error) {
        if (isCode(error, 'ENOENT')) return [];
        throw unreachable(`listing ${join(root, folder)}`, error);
      }
    },

    async listFolders(signal) {
      try {
        signal.throwIfAborted();
        const entries = await readdir(root, { withFileTypes: true });
        return entries
          .filter((entry) => entry.isDirectory())
          .map(({ name }) => name)
          .sort();
      } catch (error) {
        if (isCode(error, 'ENOENT')) return [];
        throw unreachable(`listing ${root}`, error);
      }
    },

    close() {
      // Nothing stays open between calls.
    },
  };
}

/**
 * Unlike copyFile, this can be stopped: predictions are large, and the directory may be on another host. Resolves with
 * the state of what was copied.
 */
async function copy(source: string, target: string, flags: 'w' | 'wx', signal: AbortSignal): Promise<string> {
  // Opened first: what is missing must not leave an empty target behind.
  const from = await open(source);
  const state = await stateOf(from);
  await pipeline(from.createReadStream(), createWriteStream(target, { flags }), { signal });
  return state;
}

/** Tells a file from those that were there before it: it is never changed, and another one takes its place as a whole. */
async function stateOf(file: FileHandle): Promise<string> {
  const { ino, mtimeNs } = await file.stat({ bigint: true });
  return `${ino}-${mtimeNs}`;
}

async function assertState(path: string, state: string): Promise<void> {
  // Opened, and not only looked at: a network file system may say of a path what was so some seconds ago.
  const file = await open(path).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  const found = file && (await stateOf(file).finally(() => file.close()));
  if (found !== state) throw new LostRaceError(`${path} is not what was copied any more; erase again`);
}

/** Does `work`, which takes milliseconds, while nobody else does such on `path`, on this host or another. */
async function alone(path: string, work: () => Promise<void>): Promise<void> {
  const lock = `${path}.replacing${TEMPORARY}`;
  const file = await open(lock, 'wx').catch((error: unknown) => {
    if (!isCode(error, 'EEXIST')) throw error;
    throw new LostRaceError(
      `${path} is being replaced by another erasure; erase again. Where none is under way, one was killed: delete ${lock} first`,
    );
  });
  try {
    await work();
  } finally {
    await file.close();
    await rm(lock, { force: true });
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function unreachable(doing: string, error: unknown): TopshelfError {
  return error instanceof TopshelfError
    ? error
    : new UnreachableError(`${doing} failed: ${messageOf(error)}`, { cause: error });
}
