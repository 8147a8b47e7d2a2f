import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { MAX_POINTER_BYTES } from '../domain/pointer.ts';

/** What was read of a file, and by what a later look sees that it has changed. */
export interface FileReading {
  /** One byte more than a pointer may have at most. */
  readonly content: Uint8Array;
  readonly mark: string;
}

/**
 * Reads a pointer's file; undefined where its mark is `unlessMark`. Whoever may write there may put anything in its place:
 * rejects for what is no regular file, without waiting for it, and reads no more of one than a pointer may have.
 */
export async function readPointerFile(path: string, unlessMark?: string): Promise<FileReading | undefined> {
  // A named pipe is waited for without this, by a thread that nothing frees again.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  // Before the content: a file edited while it is read is then seen to have changed at the next look.
  const found = await file.stat({ bigint: true });
  if (!found.isFile()) throw new Error(`${path} is no regular file`);
  const mark = `${found.ino}:${found.mtimeNs}:${found.size}`;
  if (mark === unlessMark) return undefined;
  const content = new Uint8Array(MAX_POINTER_BYTES + 1);
  let length = 0;
  while (length < content.length) {
    const { bytesRead } = await file.read(content, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return { content: content.slice(0, length), mark };
}
