import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { awsHint } from '../../config/aws-hint.ts';
import { s3ClientConfig, type S3Connection } from '../../config/s3-connection.ts';
import { BadInputError, messageOf, UnreachableError } from '../../domain/errors.ts';
import type { RemoteFile, RemoteFiles } from './remote-files.ts';

export interface S3FilesOptions extends S3Connection {
  /** Milliseconds without any sign of the server after which it counts as not answering. Default 30,000. */
  readonly silenceMs?: number;
}

/** As long as the archive waits: listing a large bucket is slow at times, and nobody's request waits for it. */
const SILENCE_MS = 30_000;
// The SDK repeats requests, not bodies that break off midway.
const MAX_COPIES = 3;
/** What a local disk refuses a file with; another attempt would end no better. */
const DISK_FAULTS = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EACCES', 'EPERM', 'ENOENT']);

/** Files in S3. */
export function createS3Files({ silenceMs = SILENCE_MS, ...connection }: S3FilesOptions): RemoteFiles {
  const client = new S3Client(s3ClientConfig(connection, { requestMs: silenceMs, idleMs: silenceMs }));

  async function open({ url, etag }: RemoteFile, signal: AbortSignal): Promise<Readable> {
    const { bucket, key } = parseS3Url(url);
    try {
      const command = new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: etag });
      const { Body } = await client.send(command, { abortSignal: signal });
      return Body as Readable;
    } catch (error) {
      signal.throwIfAborted();
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
      if (status === 412 || status === 404) {
        throw new BadInputError(`${url} changed after it was listed; try again when it is complete`, {
          cause: error,
        });
      }
      throw failed(`reading ${url}`, error);
    }
  }

  return {
    async list(url, signal) {
      const { bucket, key } = parseS3Url(url);
      const files: RemoteFile[] = [];
      try {
        const pages = paginateListObjectsV2(
          { client },
          { Bucket: bucket, Prefix: key },
          { abortSignal: signal },
        );
        for await (const { Contents = [] } of pages) {
          for (const { Key = '', Size = 0, ETag = '', LastModified } of Contents) {
            const modifiedAt = LastModified?.getTime() ?? 0;
            files.push({ url: `s3://${bucket}/${Key}`, bytes: Size, etag: ETag, modifiedAt });
          }
        }
      } catch (error) {
        signal.throwIfAborted();
        throw failed(`listing ${url}`, error);
      }
      return files;
    },

    async fetch(file, path, signal) {
      for (let attempt = 1; ; attempt++) {
        const body = await open(file, signal);
        try {
          // What the SDK does with its signal once the head of the answer is there, it does not say.
          await pipeline(body, createWriteStream(path), { signal });
          const { size } = await stat(path);
          if (size !== file.bytes) throw new Error(`${size} of ${file.bytes} bytes came`);
          return;
        } catch (error) {
          signal.throwIfAborted();
          if (isDiskFault(error)) {
            throw new UnreachableError(
              `${file.url} (${file.bytes} bytes) cannot be copied to this machine: ${messageOf(error)}; ` +
                'point TOPSHELF_TEMP_DIR to a larger disk',
              { cause: error },
            );
          }
          if (attempt === MAX_COPIES) {
            throw new UnreachableError(
              `reading ${file.url} broke off ${MAX_COPIES} times: ${messageOf(error)}`,
              { cause: error },
            );
          }
        }
      }
    },

    close() {
      client.destroy();
    },
  };
}

function failed(doing: string, error: unknown): UnreachableError {
  const why = `${messageOf(error)}${awsHint(error, 'S3')}`;
  return new UnreachableError(`${doing} failed: ${why}`, { cause: error });
}

function isDiskFault(error: unknown): boolean {
  return error instanceof Error && 'code' in error && DISK_FAULTS.has(String(error.code));
}

function parseS3Url(url: string): { bucket: string; key: string } {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(url) ?? [];
  if (bucket === undefined) throw new BadInputError(`${url} names no bucket; write s3://bucket/prefix`);
  return { bucket, key };
}
