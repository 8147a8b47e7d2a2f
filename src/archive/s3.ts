import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { GetObjectCommand, paginateListObjectsV2, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { awsHint } from '../config/aws-hint.ts';
import { s3ClientConfig, type S3Connection } from '../config/s3-connection.ts';
import { LostRaceError, messageOf, UnreachableError } from '../domain/errors.ts';
import type { Archive } from './archive.ts';
import { keyParts } from './keys.ts';

export interface S3ArchiveOptions extends S3Connection {
  readonly bucket: string;
  /** What stands before every key, without slashes at its ends; may be empty. */
  readonly prefix: string;
  /** Milliseconds without any sign of the server after which it counts as not answering. Default 30,000. */
  readonly silenceMs?: number;
}

/** Listing a large bucket or storing a large object is slow at times, and nobody's request waits for it. */
const SILENCE_MS = 30_000;

// The SDK warns on the console of streams it cannot send twice, also where S3 says 412, which is an answer like others.
const ignore = () => undefined;
const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
// S3 answers 409 while another conditional write of the same key is under way.
const MAX_CONFLICTS = 5;
const CONFLICT_PAUSE_MS = 200;

/** An archive in a bucket. One object is at most 5 GB, the limit of a single PUT. */
export function createS3Archive({
  bucket,
  prefix,
  silenceMs = SILENCE_MS,
  ...connection
}: S3ArchiveOptions): Archive {
  const timeouts = { requestMs: silenceMs, idleMs: silenceMs };
  const client = new S3Client({
    ...s3ClientConfig(connection, timeouts),
    // What is written carries a checksum of our own (SHA-256, checked by S3), which every S3-compatible server takes.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    logger: silent,
  });
  const objectKey = (key: string): string => withPrefix(prefix, keyParts(key).join('/'));

  /** Resolves with whether the condition held, and the object was stored. */
  async function put(
    key: string,
    sha256: string,
    length: number,
    body: () => Readable | Uint8Array,
    signal: AbortSignal,
    condition: { IfNoneMatch: '*' } | { IfMatch: string } = { IfNoneMatch: '*' },
  ): Promise<boolean> {
    for (let conflicts = 0; ; conflicts++) {
      try {
        await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: objectKey(key),
            Body: body(),
            ContentLength: length,
            ChecksumSHA256: sha256,
            ...condition,
          }),
          // A large body takes its time on the way, and the head of the answer comes after it: silence alone counts.
          { abortSignal: signal, requestTimeout: 0 },
        );
        return true;
      } catch (error) {
        const status = statusOf(error);
        // The second is S3's answer where nothing is there that could match.
        if (status === 412 || ('IfMatch' in condition && isNoSuchKey(error))) return false;
        if (status !== 409 || conflicts >= MAX_CONFLICTS) throw unreachable('writing', bucket, key, error);
        await delay(CONFLICT_PAUSE_MS * (1 + Math.random()), undefined, { signal });
      }
    }
  }

  function described(key: string, path: string, signal: AbortSignal) {
    return describeFile(path, signal).catch((error: unknown) => {
      throw unreachable('writing', bucket, key, error);
    });
  }

  async function open(key: string, signal: AbortSignal): Promise<{ body: Readable; etag: string } | null> {
    try {
      const command = new GetObjectCommand({ Bucket: bucket, Key: objectKey(key) });
      const { Body, ETag } = await client.send(command, { abortSignal: signal });
      if (ETag === undefined) throw new Error('the answer has no ETag');
      // The SDK heeds its signal until the head of the answer is there.
      return { body: addAbortSignal(signal, Body as Readable), etag: ETag };
    } catch (error) {
      if (isNoSuchKey(error)) return null;
      throw unreachable('reading', bucket, key, error);
    }
  }

  async function* pages(start: string, signal: AbortSignal, delimiter?: string) {
    try {
      const request = { Bucket: bucket, Prefix: withPrefix(prefix, start), Delimiter: delimiter };
      yield* paginateListObjectsV2({ client }, request, { abortSignal: signal });
    } catch (error) {
      throw unreachable('listing', bucket, start, error);
    }
  }

  return {
    async putOnce(key, body, signal) {
      const bytes = Buffer.from(body);
      const sha256 = createHash('sha256').update(bytes).digest('base64');
      return (await put(key, sha256, bytes.length, () => bytes, signal)) ? 'written' : 'exists';
    },

    async putFileOnce(key, path, signal) {
      const { sha256, size } = await described(key, path, signal);
      return (await put(key, sha256, size, () => createReadStream(path), signal)) ? 'written' : 'exists';
    },

    async replaceForErasure(key, { path, state }, signal) {
      const { sha256, size } = await described(key, path, signal);
      if (await put(key, sha256, size, () => createReadStream(path), signal, { IfMatch: state })) return;
      throw new LostRaceError(`${key} in s3://${bucket} is not what was copied any more; erase again`);
    },

    async get(key, signal) {
      const found = await open(key, signal);
      return found === null
        ? null
        : buffer(found.body).catch((error: unknown) => {
            throw unreachable('reading', bucket, key, error);
          });
    },

    async getFile(key, path, signal) {
      const found = await open(key, signal);
      if (found === null) return null;
      await pipeline(found.body, createWriteStream(path)).catch((error: unknown) => {
        throw unreachable('reading', bucket, key, error);
      });
      return found.etag;
    },

    async list(start, signal) {
      const keys: string[] = [];
      for await (const { Contents = [] } of pages(start, signal)) {
        for (const { Key } of Contents)
          if (Key !== undefined) keys.push(Key.slice(withPrefix(prefix, '').length));
      }
      return keys.sort();
    },

    async listFolders(signal) {
      const folders: string[] = [];
      for await (const { CommonPrefixes = [] } of pages('', signal, '/')) {
        for (const { Prefix } of CommonPrefixes)
          if (Prefix !== undefined) folders.push(Prefix.slice(withPrefix(prefix, '').length, -1));
      }
      return folders.sort();
    },

    close() {
      client.destroy();
    },
  };
}

async function describeFile(path: string, signal: AbortSignal): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  const { size } = await stat(path);
  return { sha256: hash.digest('base64'), size };
}

function withPrefix(prefix: string, key: string): string {
  return prefix === '' ? key : `${prefix}/${key}`;
}

function isNoSuchKey(error: unknown): boolean {
  return error instanceof Error && error.name === 'NoSuchKey';
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode;
}

function unreachable(doing: string, bucket: string, key: string, error: unknown): UnreachableError {
  const why = `${messageOf(error)}${awsHint(error, 'S3')}`;
  return new UnreachableError(`${doing} ${key} in s3://${bucket} failed: ${why}`, { cause: error });
}
