import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { BadInputError, messageOf, UnreachableError } from '../../domain/errors.ts';
import { createContentCheck } from './content-check.ts';
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
  /** Where its content lies, uncompressed: the file itself, or what it was unpacked to. */
  readonly contentPath: string;
  /** How long it is when uncompressed. */
  readonly contentBytes: number;
  /** A line (its bytes as Latin-1) from about every `SAMPLE_EVERY_BYTES` of it. */
  readonly sampleLines: readonly string[];
  /** Whether all of it is UTF-8. */
  readonly isUtf8: boolean;
  /** Whether all of it is printable ASCII without quotes, and line ends. */
  readonly isPrintable: boolean;
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
 * Reads a file to its end, and unpacks it to `unpackedPath` if it is gzip: DuckDB accepts many truncated and corrupt
 * gzip files, so zlib sees every byte of them first, and its inflating costs more than reading what zlib has inflated.
 * Throws BadInputError for what is missing, broken, or no regular file, and UnreachableError for one that cannot be
 * read, or unpacked.
 */
export async function inspectFile(
  found: FoundFile,
  unpackedPath: string,
  signal: AbortSignal,
): Promise<InputFile> {
  const { path, localPath } = found;
  try {
    const facts = await statRegularFile(localPath, path);
    const compression = await compressionOf(localPath);
    const hash = createHash('sha256');
    const check = createContentCheck();
    const sampleLines: string[] = [];
    let contentBytes = 0;
    const look = (content: Buffer) => {
      check.add(content);
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
    const contentPath = compression === 'gzip' ? unpackedPath : localPath;
    await readThrough({ path, localPath, contentPath, compression }, raw, look, () => bytes, signal);
    return {
      path,
      localPath,
      bytes,
      sha256: hash.digest('hex'),
      compression,
      contentPath,
      isUtf8: check.isUtf8(),
      isPrintable: check.isPrintable(),
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

/**
 * The file's first bytes, uncompressed: the header is in them. Read when they are looked at, and not kept: inputs may be
 * of thousands of files. Throws as `inspectFile` does.
 */
export async function readHead({ path, contentPath }: InputFile): Promise<Buffer> {
  const head: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(contentPath, { end: HEAD_BYTES - 1 }))
      head.push(chunk as Buffer);
  } catch (error) {
    throw fileError(path, error);
  }
  return Buffer.concat(head);
}

/** The file's content, uncompressed. */
export function openContent({ contentPath }: Pick<InputFile, 'contentPath'>): AsyncIterable<Buffer> {
  return createReadStream(contentPath);
}

/** What was hashed and what was read must be the same file: an export may still be writing. */
export async function assertUnchanged(files: readonly InputFile[]): Promise<void> {
  for (const { path, localPath, bytes, localModifiedAt } of files) {
    const { size, mtimeMs } = await stat(localPath);
    if (size !== bytes || mtimeMs !== localModifiedAt) {
      throw new BadInputError(`${path} changed while it was read; try again when it is complete`);
    }
  }
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
  {
    path,
    localPath,
    contentPath,
    compression,
  }: Pick<InputFile, 'path' | 'localPath' | 'contentPath' | 'compression'>,
  raw: (source: AsyncIterable<Buffer>) => AsyncIterable<Buffer>,
  look: (content: Buffer) => void,
  bytesRead: () => number,
  signal: AbortSignal,
): Promise<void> {
  const source = createReadStream(localPath, { highWaterMark: 256 * 1024 });
  if (compression === 'none') {
    const sink = async (content: AsyncIterable<Buffer>) => {
      for await (const chunk of content) look(chunk);
    };
    await pipeline(source, raw, sink, { signal });
    return;
  }
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  const unpacked = await open(contentPath, 'wx');
  const sink = async (content: AsyncIterable<Buffer>) => {
    for await (const chunk of content) {
      look(chunk);
      await unpack(chunk, unpacked);
    }
  };
  try {
    await pipeline(source, raw, gunzip, sink, { signal });
  } finally {
    await unpacked.close();
  }
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

async function unpack(chunk: Buffer, to: FileHandle): Promise<void> {
  try {
    await to.writeFile(chunk);
  } catch (error) {
    throw new UnreachableError(
      `what is unpacked cannot be kept: ${messageOf(error)}. Point TOPSHELF_TEMP_DIR to a disk with room.`,
      { cause: error },
    );
  }
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
