import { open, rm, stat } from 'node:fs/promises';
import { UsageError } from '../../domain/errors.ts';
import type { FoundFile } from './input-file.ts';

/** More than the first line of a file of bad rows has: their texts are cut. */
const FIRST_BYTES = 64 * 1024;

/**
 * Makes room for a file of bad rows: one of an earlier load is removed before anything is read, so that it does not pass
 * for this one's. Throws UsageError for anything else that a file of bad rows would destroy.
 */
export async function clearRejects(path: string, inputs: readonly FoundFile[]): Promise<void> {
  const facts = await factsOf(path);
  if (facts === undefined || !facts.isFile() || facts.size === 0n) return;
  for (const input of inputs) {
    // By what they are and not by name, so that links count.
    const own = await factsOf(input.localPath);
    if (own?.dev === facts.dev && own.ino === facts.ino) {
      throw new UsageError(`--rejects ${path} is ${input.path}, which is to be read; name another file`);
    }
  }
  if (!(await isRejects(path))) {
    throw new UsageError(
      `--rejects ${path} is there already, and is no file of bad rows that a load wrote; name another file`,
    );
  }
  await rm(path);
}

/** Undefined where there is none, or none that can be seen: that is reported when it is opened. */
function factsOf(path: string) {
  return stat(path, { bigint: true }).catch(() => undefined);
}

async function isRejects(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_BYTES), 0, FIRST_BYTES, 0);
    const [first = ''] = buffer.toString('utf8', 0, bytesRead).split('\n', 1);
    const row = JSON.parse(first) as Record<string, unknown> | null;
    return ['file', 'record', 'reason', 'text'].every((key) => row !== null && Object.hasOwn(row, key));
  } catch {
    return false;
  } finally {
    await file.close();
  }
}
