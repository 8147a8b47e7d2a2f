import { randomUUID } from 'node:crypto';
import { watch as watchDirectory } from 'node:fs';
import { link, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isPlacement } from '../domain/ids.ts';
import { bounded } from './bounded.ts';
import { compareAndSet, type WriteOutcome } from './compare-and-set.ts';
import type { PointerReading, PointerSource, PointerToken } from './pointer-source.ts';
import type { PointerWriter } from './pointer-writer.ts';
import { readPointerFile } from './read-file.ts';

export interface FilePointersOptions {
  /** The directory of all placements; made by the first write. */
  readonly root: string;
  /** Milliseconds for one read or write, after which the disk counts as not answering. Default 5,000. */
  readonly deadlineMs?: number;
}

/** Many writers that sync a busy disk at once take a second or two. */
const DEADLINE_MS = 5_000;
/** Older files are deleted: enough of them for a person to see what happened, and for no reader to miss its file. */
const KEPT_FILES = 50;
/** A temporary file this old, in milliseconds, belongs to a writer that died. */
const ABANDONED_MS = 3_600_000;
/** A file may be pruned between listing and opening; a reader that needs more looks than this is told so. */
const MAX_LOOKS = 3;

const NUMBERED = /^([1-9]\d{0,14})\.json$/;

/**
 * Pointers in `<root>/<placement>/<number>.json`, the highest number being the one that counts. A write is a hard link
 * to the number after the one it read, which fails where that exists already: that is the compare-and-set. So the
 * number is the epoch, unless somebody wrote by hand: then it only keeps the order.
 */
export function createFilePointers(options: FilePointersOptions): PointerSource & PointerWriter {
  const { root, deadlineMs = DEADLINE_MS } = options;
  const closing = new AbortController();
  const watches = new Set<() => void>();
  const within = <T>(what: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
    bounded({ what, signal, closed: closing.signal, deadlineMs }, work);
  const read = (placement: string, signal: AbortSignal, unlessToken?: PointerToken) => {
    const directory = join(root, placement);
    return within(`reading ${directory}`, signal, () => readHighest(directory, unlessToken));
  };

  return {
    read,
    write(pointer, expected, signal) {
      const { placement } = pointer;
      const where = join(root, placement);
      const attempt = (text: string) =>
        within(`writing ${where}`, signal, () => writeNext(where, text, expected));
      return compareAndSet({
        pointer,
        expected,
        where,
        signal,
        attempt,
        readBack: () => read(placement, signal),
      });
    },
    listPlacements(signal) {
      return within(`listing ${root}`, signal, async () => {
        const placements = (await namesIn(root)).filter(isPlacement);
        const numbers = await Promise.all(placements.map((placement) => numbersIn(join(root, placement))));
        return placements.filter((_, index) => numbers[index]?.length);
      });
    },
    watch(placement, onHint) {
      const stop = watchPlacement(root, placement, onHint);
      watches.add(stop);
      return () => {
        watches.delete(stop);
        stop();
      };
    },
    async close() {
      closing.abort();
      for (const stop of watches) stop();
      watches.clear();
    },
  };
}

async function readHighest(directory: string, unlessToken?: PointerToken): Promise<PointerReading> {
  for (let looks = 1; ; looks++) {
    const number = (await numbersIn(directory))[0];
    if (number === undefined) return { kind: 'absent' };
    try {
      return await readFileOf(directory, number, unlessToken);
    } catch (error) {
      if (!isCode(error, 'ENOENT') || looks === MAX_LOOKS) throw error;
    }
  }
}

async function readFileOf(
  directory: string,
  number: number,
  unlessToken?: PointerToken,
): Promise<PointerReading> {
  const [known, mark] = splitToken(unlessToken);
  const found = await readPointerFile(pathOf(directory, number), known === number ? mark : undefined);
  return found === undefined
    ? { kind: 'unchanged' }
    : { kind: 'found', content: found.content, token: `${number}:${found.mark}` };
}

/** The number of a token's file, and its mark. */
function splitToken(token = ''): [number, string] {
  const colon = token.indexOf(':');
  return [Number(token.slice(0, colon)), token.slice(colon + 1)];
}

/** Throws Error for a number that no reader would look for: whoever wrote one by hand left no room for the next. */
function pathOf(directory: string, number: number): string {
  const name = `${number}.json`;
  if (NUMBERED.test(name)) return join(directory, name);
  throw new Error(`${name} has more digits than a pointer's number may: delete the file before it by hand`);
}

async function writeNext(
  directory: string,
  text: string,
  expected: PointerToken | null,
): Promise<WriteOutcome> {
  const now = await readHighest(directory, expected ?? undefined);
  if (now.kind !== (expected === null ? 'absent' : 'unchanged')) return { kind: 'refused' };
  const number = expected === null ? 1 : splitToken(expected)[0] + 1;
  const path = pathOf(directory, number);
  await mkdir(directory, { recursive: true });
  const temporary = join(directory, `.${randomUUID()}.tmp`);
  try {
    await writeDurably(temporary, text);
    await link(temporary, path);
  } catch (error) {
    if (isCode(error, 'EEXIST')) return { kind: 'refused' };
    throw error;
  } finally {
    await unlink(temporary).catch(ignore);
  }
  await syncDirectory(directory);
  // Whoever was frozen since the look above, for longer than files are kept, has linked a number of long ago. Below that
  // distance no file is deleted: the link was the first of its number, whoever has already written the next.
  const [highest = number] = await numbersIn(directory);
  if (highest >= number + KEPT_FILES)
    throw new Error(`${highest} was written meanwhile, long after ${number}`);
  const stored = await readFileOf(directory, number);
  await tidy(directory, number);
  return stored.kind === 'found' ? { kind: 'stored', token: stored.token } : { kind: 'refused' };
}

async function writeDurably(path: string, content: string): Promise<void> {
  await using file = await open(path, 'wx');
  await file.writeFile(content);
  await file.sync();
}

async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory);
  await handle.sync();
}

/** Deletes old files and abandoned temporary ones. The write is done by then: nothing here may fail it. */
async function tidy(directory: string, newest: number): Promise<void> {
  for (const name of await namesIn(directory).catch(() => [])) {
    const path = join(directory, name);
    const number = Number(NUMBERED.exec(name)?.[1] ?? Infinity);
    const isOld = number <= newest - KEPT_FILES || (name.endsWith('.tmp') && (await isAbandoned(path)));
    if (isOld) await unlink(path).catch(ignore);
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS;
}

/** Numbers of the pointer files, highest first; none where there is no directory. */
async function numbersIn(directory: string): Promise<number[]> {
  const names = await namesIn(directory);
  const numbers = names.map((name) => Number(NUMBERED.exec(name)?.[1])).filter((number) => number > 0);
  return numbers.sort((a, b) => b - a);
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}

/** Follows the placement's directory, or the root until there is one. Without either there are no hints. */
function watchPlacement(root: string, placement: string, onHint: () => void): () => void {
  const stopAt = (directory: string, onEvent: (name: string | null) => void): (() => void) | undefined => {
    try {
      const watcher = watchDirectory(directory, { persistent: false }, (_, name) => onEvent(name));
      // The directory was deleted, or the system has no watches left: polling goes on.
      watcher.on('error', () => watcher.close());
      return () => watcher.close();
    } catch {
      return undefined;
    }
  };
  const onFile = (name: string | null) => {
    if (name === null || NUMBERED.test(name)) onHint();
  };
  let stopped = false;
  let stopFiles = stopAt(join(root, placement), onFile);
  // A directory that appears, or is replaced, is followed from then on.
  const stopRoot = stopAt(root, (name) => {
    if (stopped || name !== placement) return;
    stopFiles?.();
    stopFiles = stopAt(join(root, placement), onFile);
    onHint();
  });
  return () => {
    stopped = true;
    stopFiles?.();
    stopRoot?.();
  };
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function ignore(): void {
  // Whoever deleted it first did our work.
}
