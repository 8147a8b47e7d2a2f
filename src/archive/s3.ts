import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { LostRaceError, messageOf, UnreachableError } from '../domain/errors.ts';
import type { Archive } from './archive.ts';
import { keyParts } from './keys.ts';

export interface S3ArchiveOptions {
  readonly bucket: string;
  /** What stands before every key, without slashes at its ends; may be empty. */
  readonly prefix: string;
  /** Region and credentials as the AWS SDK finds them unless given. */
  readonly region?: string;
  /** Another server that speaks S3, such as `http://127.0.0.1:9000`. */
  readonly endpoint?: string;
  readonly forcePathStyle?: boolean;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

// The SDK warns on the console of streams it cannot send twice, also where S3 says 412, which is an answer like others.
const ignore = () => undefined;
const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
// S3 answers 409 while another conditional write of the same key is under way.
const MAX_CONFLICTS = 5;
const CONFLICT_PAUSE_MS = 200;

/** An archive in a bucket. One object is at most 5 GB, the limit of a single PUT. */
export function createS3Archive({ bucket, prefix, ...connection }: S3ArchiveOptions): Archive {
  // Checksums are our own (SHA-256, checked by S3), which every S3-compatible server takes also for streams.
  const client = new S3Client({ ...connection, requestChecksumCalculation: 'WHEN_REQUIRED', logger: silent });
  const objectKey = (key: string): string => withPrefix(prefix, keyParts(key).join('/'));

  async function put(
    key: string,
    sha256: string,
    length: number,
    body: () => Readable | Uint8Array,
    condition: { IfNoneMatch: '*' } | { IfMatch: string } = { IfNoneMatch: '*' },
  ): Promise<'written' | 'exists'> {
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
        );
        return 'written';
      } catch (error) {
        const status = statusOf(error);
        if (status === 412) return 'exists';
        if (status !== 409 || conflicts >= MAX_CONFLICTS) throw unreachable('writing', bucket, key, error);
        await new Promise((resolve) => setTimeout(resolve, CONFLICT_PAUSE_MS * (1 + Math.random())));
      }
    }
  }

  async function etagOf(key: string): Promise<string | undefined> {
    try {
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: objectKey(key) }));
      return head.ETag;
    } catch (error) {
      // A HEAD has no body to say NoSuchKey in.
      if (statusOf(error) === 404) return undefined;
      throw unreachable('reading', bucket, key, error);
    }
  }

  async function open(
    key: string,
  ): Promise<(Readable & { transformToByteArray(): Promise<Uint8Array> }) | null> {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: objectKey(key) }));
      return (Body as (Readable & { transformToByteArray(): Promise<Uint8Array> }) | undefined) ?? null;
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return null;
      throw unreachable('reading', bucket, key, error);
    }
  }

  return {
    async putOnce(key, body) {
      const bytes = Buffer.from(body);
      return put(key, createHash('sha256').update(bytes).digest('base64'), bytes.length, () => bytes);
    },

    async putFileOnce(key, path) {
      const { sha256, size } = await describeFile(path);
      return put(key, sha256, size, () => createReadStream(path));
    },

    async replaceForErasure(key, path) {
      const etag = await etagOf(key);
      if (etag === undefined) return 'absent';
      const { sha256, size } = await describeFile(path);
      // The condition did not hold: "exists" then means that somebody else's object is there.
      const outcome = await put(key, sha256, size, () => createReadStream(path), { IfMatch: etag });
      if (outcome === 'written') return 'replaced';
      throw new LostRaceError(
        `${key} in s3://${bucket} was replaced by another writer meanwhile; erase again`,
      );
    },

    async get(key) {
      const body = await open(key);
      return body === null
        ? null
        : body.transformToByteArray().catch((error: unknown) => {
            throw unreachable('reading', bucket, key, error);
          });
    },

    async getFile(key, path) {
      const body = await open(key);
      if (body === null) return false;
      await pipeline(body, createWriteStream(path)).catch((error: unknown) => {
        throw unreachable('reading', bucket, key, error);
      });
      return true;
    },

    async list(start) {
      const keys: string[] = [];
      try {
        const pages = paginateListObjectsV2(
          { client },
          { Bucket: bucket, Prefix: withPrefix(prefix, start) },
        );
        for await (const { Contents = [] } of pages) {
          for (const { Key } of Contents)
            if (Key !== undefined) keys.push(Key.slice(withPrefix(prefix, '').length));
        }
      } catch (error) {
        throw unreachable('listing', bucket, start, error);
      }
      return keys.sort();
    },

    close() {
      client.destroy();
    },
  };
}

async function describeFile(path: string): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const { size } = await stat(path);
  return { sha256: hash.digest('base64'), size };
}

function withPrefix(prefix: string, key: string): string {
  return prefix === '' ? key : `${prefix}/${key}`;
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode;
}

function unreachable(doing: string, bucket: string, key: string, error: unknown): UnreachableError {
  return new UnreachableError(`${doing} ${key} in s3://${bucket} failed: ${messageOf(error)}`, {
    cause: error,
  });
}
