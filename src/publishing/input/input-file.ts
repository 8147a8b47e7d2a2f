import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { BadInputError, messageOf, UnreachableError } from '../../domain/errors.ts';
import { statRegularFile } from './regular-file.ts';

/** Where a file is: as it was given, and where it can be opened. They differ where it was fetched from S3. */
export interface FoundFile {
  readonly path: string;
  readonly localPath: string;
  /** Milliseconds since the epoch, where somebody else than the local file knows it. */
  readonly modifiedAt?: number;
}

/** A file that has been read to its end once: whole, and what it says it is. */
export interface InputFile extends FoundFile {
  readonly bytes: number;
  readonly sha256: string;
  readonly compression: 'gzip' | 'none';
  /** Its first bytes, uncompressed: the header is in them. */
  readonly head: Buffer;
  /** How long it is when uncompressed. */
  readonly contentBytes: number;
  /** A line (its bytes as Latin-1) from about every `SAMPLE_EVERY_BYTES` of it. */
  readonly sampleLines: readonly string[];
  /** Whether all of it is UTF-8. */
  readonly isUtf8: boolean;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  /** The local file's, in milliseconds: shows whether it was changed afterwards. */
  readonly localModifiedAt: number;
}

export const SAMPLE_EVERY_BYTES = 64 * 1024;
const HEAD_BYTES = 64 * 1024;
const MAX_SAMPLE_BYTES = 4096;
const NEWLINE = 10;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/**
 * Reads a file to its end. DuckDB accepts many truncated and corrupt gzip files, so zlib sees every byte of them
 * first. Throws BadInputError for what is missing, broken, or no regular file, and
 * UnreachableError for one that cannot be read.
 */
export async function inspectFile(found: FoundFile, signal: AbortSignal): Promise<InputFile> {
  const { path, localPath } = found;
  try {
    const facts = await statRegularFile(localPath, path);
    const compression = await compressionOf(localPath);
    const hash = createHash('sha256');
    const utf8 = createUtf8Check();
    const head: Buffer[] = [];
    const sampleLines: string[] = [];
    let contentBytes = 0;
    const look = (content: Buffer) => {
      utf8.add(content);
      if (contentBytes < HEAD_BYTES) head.push(content);
      contentBytes += content.length;
      takeSamples(content, sampleLines);
    };
    let bytes = 0;
    const raw = async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        bytes += chunk.length;
        hash.update(chunk);
        yield chunk;
      }
    };
    await readThrough({ path, localPath, compression }, raw, look, () => bytes, signal);
    return {
      path,
      localPath,
      bytes,
      sha256: hash.digest('hex'),
      compression,
      head: Buffer.concat(head).subarray(0, HEAD_BYTES),
      isUtf8: utf8.passed(),
      contentBytes,
      sampleLines,
      modifiedAt: found.modifiedAt ?? facts.mtimeMs,
      localModifiedAt: facts.mtimeMs,
    };
  } catch (error) {
    signal.throwIfAborted();
    throw fileError(path, error);
  }
}

/** The file's content, uncompressed. */
export function openContent({
  localPath,
  compression,
}: Pick<InputFile, 'localPath' | 'compression'>): AsyncIterable<Buffer> {
  const source = createReadStream(localPath);
  if (compression === 'none') return source;
  const gunzip = createGunzip();
  source.once('error', (error) => gunzip.destroy(error));
  gunzip.once('close', () => source.destroy());
  return source.pipe(gunzip);
}

/** Lines from here and there, to see how users are spread; a line in the midst of a quoted field does no harm. */
function takeSamples(content: Buffer, lines: string[]): void {
  for (let at = 0; at < content.length; at += SAMPLE_EVERY_BYTES) {
    const from = content.indexOf(NEWLINE, at) + 1;
    const to = content.indexOf(NEWLINE, from);
    if (from > 0 && to > from && to - from < MAX_SAMPLE_BYTES)
      lines.push(content.toString('latin1', from, to));
  }
}

async function readThrough(
  { path, localPath, compression }: Pick<InputFile, 'path' | 'localPath' | 'compression'>,
  raw: (source: AsyncIterable<Buffer>) => AsyncIterable<Buffer>,
  look: (content: Buffer) => void,
  bytesRead: () => number,
  signal: AbortSignal,
): Promise<void> {
  const source = createReadStream(localPath, { highWaterMark: 256 * 1024 });
  const sink = async (content: AsyncIterable<Buffer>) => {
    for await (const chunk of content) look(chunk);
  };
  if (compression === 'none') {
    await pipeline(source, raw, sink, { signal });
    return;
  }
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  await pipeline(source, raw, gunzip, sink, { signal });
  // Node's zlib passes over zeros behind the last member, where something may have been cut out or overwritten.
  if (gunzip.bytesWritten < bytesRead()) {
    throw new BadInputError(
      `${path} is a corrupt gzip file: ${bytesRead() - gunzip.bytesWritten} bytes follow its end`,
    );
  }
}

async function compressionOf(path: string): Promise<InputFile['compression']> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.equals(GZIP_MAGIC) ? 'gzip' : 'none';
  } finally {
    await file.close();
  }
}

/** Checks a stream for UTF-8 in pieces: a character may be cut in two between one chunk and the next. */
function createUtf8Check(): { add(chunk: Buffer): void; passed(): boolean } {
  let rest: Buffer = Buffer.alloc(0);
  let valid = true;
  return {
    add(chunk) {
      if (!valid) return;
      const content = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const end = content.length - unfinishedBytes(content);
      valid = isUtf8(content.subarray(0, end));
      rest = Buffer.from(content.subarray(end));
    },
    passed: () => valid && rest.length === 0,
  };
}

/** How many bytes at the end begin a character that is not complete. */
function unfinishedBytes(content: Buffer): number {
  for (let back = 1; back <= Math.min(3, content.length); back++) {
    const byte = content[content.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

function fileError(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return new BadInputError(`${path} does not exist`);
  if (code.startsWith('Z_')) {
    const what = code === 'Z_BUF_ERROR' ? 'truncated' : 'corrupt';
    return new BadInputError(`${path} is a ${what} gzip file: ${messageOf(error)}`, { cause: error });
  }
  // Errors of the file system have a number; anything else is not about this file.
  if (error instanceof Error && 'errno' in error) {
    return new UnreachableError(`${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  return error;
}
