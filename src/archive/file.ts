import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, link, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf, TopshelfError, UnreachableError } from '../domain/errors.ts';
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
      return putOnce(key, (temporary) => copy(source, temporary, 'wx', signal), signal);
    },

    async replaceForErasure(key, source, signal) {
      const path = pathOf(key);
      const temporary = `${path}.${randomUUID()}${TEMPORARY}`;
      try {
        signal.throwIfAborted();
        await access(path);
        await copy(source, temporary, 'wx', signal);
        await flush(temporary);
        signal.throwIfAborted();
        await rename(temporary, path);
        return 'replaced';
      } catch (error) {
        if (isCode(error, 'ENOENT') && !(await exists(path))) return 'absent';
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
        await copy(path, target, 'w', signal);
        return true;
      } catch (error) {
        if (isCode(error, 'ENOENT')) return false;
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

/** Unlike copyFile, this can be stopped: predictions are large, and the directory may be on another host. */
async function copy(source: string, target: string, flags: 'w' | 'wx', signal: AbortSignal): Promise<void> {
  // Opened first: what is missing must not leave an empty target behind.
  const from = await open(source);
  await pipeline(from.createReadStream(), createWriteStream(target, { flags }), { signal });
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function unreachable(doing: string, error: unknown): TopshelfError {
  return error instanceof TopshelfError
    ? error
    : new UnreachableError(`${doing} failed: ${messageOf(error)}`, { cause: error });
}
