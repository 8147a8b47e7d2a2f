import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { BadInputError, messageOf, TopshelfError, UnreachableError } from '../../domain/errors.ts';
import type { RemoteFile, RemoteFiles } from './remote-files.ts';

export interface S3FilesOptions {
  /** Region and credentials as the AWS SDK finds them unless given. */
  readonly region?: string;
  /** Another server that speaks S3, such as `http://127.0.0.1:9000`. */
  readonly endpoint?: string;
  readonly forcePathStyle?: boolean;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

// The SDK repeats requests, not bodies that break off midway.
const MAX_ATTEMPTS = 3;

/** Files in S3. */
export function createS3Files(options: S3FilesOptions): RemoteFiles {
  const client = new S3Client(options);

  async function copy({ url, bytes, etag }: RemoteFile, path: string, signal: AbortSignal): Promise<void> {
    const { bucket, key } = parseS3Url(url);
    const command = new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: etag });
    const { Body } = await client.send(command, { abortSignal: signal });
    await pipeline(Body as Readable, createWriteStream(path), { signal });
    const { size } = await stat(path);
    if (size !== bytes) throw new Error(`${size} of ${bytes} bytes came`);
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
        throw new UnreachableError(`listing ${url} failed: ${messageOf(error)}`, { cause: error });
      }
      return files;
    },

    async fetch(file, path, signal) {
      for (let attempt = 1; ; attempt++) {
        try {
          await copy(file, path, signal);
          return;
        } catch (error) {
          signal.throwIfAborted();
          const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
          if (status === 412 || status === 404) {
            throw new BadInputError(
              `${file.url} changed after it was listed; try again when it is complete`,
              {
                cause: error,
              },
            );
          }
          if (error instanceof TopshelfError || attempt === MAX_ATTEMPTS) {
            throw new UnreachableError(`reading ${file.url} failed: ${messageOf(error)}`, { cause: error });
          }
        }
      }
    },

    close() {
      client.destroy();
    },
  };
}

function parseS3Url(url: string): { bucket: string; key: string } {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(url) ?? [];
  if (bucket === undefined) throw new BadInputError(`${url} names no bucket; write s3://bucket/prefix`);
  return { bucket, key };
}
