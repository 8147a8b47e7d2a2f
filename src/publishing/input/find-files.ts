import { glob, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, matchesGlob } from 'node:path';
import { BadInputError, messageOf, UnreachableError, UsageError } from '../../domain/errors.ts';
import { shown } from '../../domain/ids.ts';
import { compareBytes } from '../byte-order.ts';
import type { FoundFile } from './input-file.ts';
import type { RemoteFile, RemoteFiles } from './remote-files.ts';

const WILDCARD = /[*?[{]/;
const SCHEME = 's3://';

export interface Finding {
  /** Where files from an object store are copied to. */
  readonly folder: string;
  readonly openRemoteFiles: (() => Promise<RemoteFiles>) | undefined;
  /** Called before a file is fetched, with its size in bytes. */
  readonly onFetch: (url: string, bytes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * The files that some paths mean: files, folders (all files below them), globs, `s3://bucket/key` and everything below
 * `s3://bucket/prefix`, which are copied to the local disk. In folders, names that begin with `_` or `.` are notes of
 * other tools (`_SUCCESS`) and left out; whatever else is no file is reported when it is opened. Each file once. Throws
 * BadInputError where a path means no file, and UsageError for an empty one.
 */
export async function findFiles(paths: readonly string[], finding: Finding): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>();
  for (const path of paths) {
    if (path.startsWith(SCHEME)) {
      for (const file of await fetchFiles(path, finding, found)) found.set(file.path, file);
      continue;
    }
    for (const localPath of await findLocal(path)) {
      // One file may have several names, by links or by ways that lead to it; it goes by the first of them.
      const key = await realpath(localPath).catch(() => localPath);
      if (!found.has(key)) found.set(key, { path: localPath, localPath });
    }
  }
  return [...found.values()];
}

async function findLocal(path: string): Promise<string[]> {
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isDirectory() === true) {
    const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
      throw new UnreachableError(`the folder ${path} cannot be read: ${messageOf(error)}`, { cause: error });
    });
    // Links too: what one leads to is read, or reported by its name, and never left out without a word.
    const files = entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
    return someOf(
      files.filter((file) => !isNote(file.slice(path.length))),
      `${path} is a folder without files`,
    );
  }
  // A variable of a script that was never set, most of the time.
  if (facts === undefined && path.trim() === '') {
    throw new UsageError(
      `${shown(path)} among the files names none: give files, folders, globs or s3://bucket/prefix`,
    );
  }
  // What exists is meant, whatever its name looks like; what neither exists nor is a pattern is reported when opened.
  if (facts !== undefined || !WILDCARD.test(path)) return [path];
  const matches: string[] = [];
  // A link that leads nowhere is reported when it is opened.
  for await (const match of glob(path)) {
    if ((await stat(match).catch(() => undefined))?.isDirectory() !== true) matches.push(match);
  }
  return someOf(matches, `no file matches ${path}`);
}

async function fetchFiles(
  url: string,
  { folder, openRemoteFiles, onFetch, signal }: Finding,
  known: ReadonlyMap<string, unknown>,
): Promise<FoundFile[]> {
  if (openRemoteFiles === undefined)
    throw new UnreachableError(`${url} cannot be read: there is no object store here`);
  const remoteFiles = await openRemoteFiles();
  try {
    const listed = await listRemote(url, remoteFiles, signal);
    const files: FoundFile[] = [];
    for (const file of listed.filter((each) => !known.has(each.url))) {
      onFetch(file.url, file.bytes);
      const localPath = join(folder, `fetched-${known.size + files.length}`);
      await remoteFiles.fetch(file, localPath, signal);
      files.push({ path: file.url, localPath, modifiedAt: file.modifiedAt });
    }
    return files;
  } finally {
    remoteFiles.close();
  }
}

async function listRemote(url: string, remoteFiles: RemoteFiles, signal: AbortSignal): Promise<RemoteFile[]> {
  const wildcard = url.search(WILDCARD);
  const listed = await remoteFiles.list(wildcard < 0 ? url : url.slice(0, wildcard), signal);
  const exact = listed.find((file) => file.url === url);
  if (exact !== undefined && !url.endsWith('/')) return [exact];
  const below = url.endsWith('/') ? url : `${url}/`;
  const meant = listed.filter((file) =>
    wildcard < 0
      ? file.url.startsWith(below) && !isNote(file.url.slice(below.length))
      : matchesGlob(file.url.slice(SCHEME.length), url.slice(SCHEME.length)),
  );
  // A store without folders marks them by empty objects.
  const files = meant.filter((file) => !file.url.endsWith('/'));
  if (files.length === 0) throw new BadInputError(`no object is named ${url}, or lies below it`);
  return files;
}

const isNote = (path: string): boolean =>
  path.split('/').some((part) => /^[_.]/.test(part)) || basename(path) === '';

function someOf(files: string[], otherwise: string): string[] {
  if (files.length === 0) throw new BadInputError(otherwise);
  return files.sort(compareBytes);
}
