import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { awsHint } from '../config/aws-hint.ts';
import { s3ClientConfig, type S3Connection } from '../config/s3-connection.ts';
import { messageOf, UnreachableError } from '../domain/errors.ts';
import { isPlacement } from '../domain/ids.ts';
import { MAX_POINTER_BYTES } from '../domain/pointer.ts';
import { bounded } from './bounded.ts';
import { compareAndSet, type WriteOutcome } from './compare-and-set.ts';
import type { PointerReading, PointerSource, PointerToken } from './pointer-source.ts';
import type { PointerWriter } from './pointer-writer.ts';

export interface S3PointersOptions extends S3Connection {
  readonly bucket: string;
  /** What keys begin with, without a slash at its end; may be empty. */
  readonly prefix: string;
  /** Milliseconds for one read with its retries, or one write. Default 3,000. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 3_000;
/** The SDK repeats reads alone: a repeated PUT that had succeeded would answer 412. */
const READ_ATTEMPTS = 3;
const NOT_FOUND_OR_NOT_ALLOWED =
  '. S3 answers 403 for a key that does not exist, too, unless s3:ListBucket is allowed on the bucket: ' +
  'check the permissions, and whether the pointer was ever written.';

/** Pointers in `<bucket>/<prefix>/<placement>/pointer.json`; the ETag is the token. S3 gives no hints. */
export function createS3Pointers(options: S3PointersOptions): PointerSource & PointerWriter {
  const { bucket, prefix, deadlineMs = DEADLINE_MS } = options;
  const config = {
    ...s3ClientConfig(options, { requestMs: deadlineMs, idleMs: deadlineMs }),
    // The SDK's own checksums are more than several S3-compatible servers take; the pointer carries one.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  } as const;
  const reader = new S3Client({ ...config, maxAttempts: READ_ATTEMPTS });
  const writer = new S3Client({ ...config, maxAttempts: 1 });
  const closing = new AbortController();
  const root = prefix === '' ? '' : `${prefix}/`;
  const keyOf = (placement: string) => `${root}${placement}/pointer.json`;
  const within = <T>(what: string, signal: AbortSignal, work: (abortSignal: AbortSignal) => Promise<T>) =>
    bounded({ what, signal, closed: closing.signal, deadlineMs }, work);

  const read = (placement: string, signal: AbortSignal, unlessToken?: PointerToken) => {
    const where = `s3://${bucket}/${keyOf(placement)}`;
    return within(`reading ${where}`, signal, async (abortSignal): Promise<PointerReading> => {
      try {
        const { Body, ETag } = await reader.send(
          new GetObjectCommand({
            Bucket: bucket,
            Key: keyOf(placement),
            ...(unlessToken === undefined ? {} : { IfNoneMatch: unlessToken }),
          }),
          { abortSignal },
        );
        if (ETag === undefined) throw new Error('the answer has no ETag');
        const content = await firstBytes(Body as AsyncIterable<Uint8Array>, MAX_POINTER_BYTES + 1);
        return { kind: 'found', content, token: ETag };
      } catch (error) {
        if (statusOf(error) === 304) return { kind: 'unchanged' };
        // By name: a missing bucket, and a wrong path on a server that is not S3, answer 404 as well.
        if (isNamed(error, 'NoSuchKey')) return { kind: 'absent' };
        throw explained(`reading ${where}`, error);
      }
    });
  };

  return {
    read,
    write(pointer, expected, signal) {
      const { placement } = pointer;
      const where = `s3://${bucket}/${keyOf(placement)}`;
      const condition = expected === null ? { IfNoneMatch: '*' } : { IfMatch: expected };
      const object = { Bucket: bucket, Key: keyOf(placement), ContentType: 'application/json', ...condition };
      const attempt = (text: string) =>
        within(`writing ${where}`, signal, async (abortSignal): Promise<WriteOutcome> => {
          try {
            const { ETag } = await writer.send(new PutObjectCommand({ ...object, Body: text }), {
              abortSignal,
            });
            if (ETag === undefined) throw new Error('the answer has no ETag');
            return { kind: 'stored', token: ETag };
          } catch (error) {
            return outcomeOf(`writing ${where}`, error);
          }
        });
      const readBack = () => read(placement, signal);
      return compareAndSet({ pointer, expected, where, signal, attempt, readBack });
    },
    // A folder without pointer.json is listed too: telling would take a request for each, and reading it says `absent`.
    listPlacements(signal) {
      const what = `listing s3://${bucket}/${root}`;
      return within(what, signal, async (abortSignal) => {
        const placements: string[] = [];
        let from: string | undefined;
        do {
          const page = await reader
            .send(
              new ListObjectsV2Command({
                Bucket: bucket,
                Prefix: root,
                Delimiter: '/',
                ContinuationToken: from,
              }),
              { abortSignal },
            )
            .catch((error: unknown) => {
              throw explained(what, error);
            });
          const names = (page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix.slice(root.length, -1));
          placements.push(...names.filter(isPlacement));
          from = page.NextContinuationToken;
        } while (from !== undefined);
        return placements;
      });
    },
    watch: () => () => undefined,
    async close() {
      closing.abort();
      reader.destroy();
      writer.destroy();
    },
  };
}

/** At most `limit` bytes; leaving the loop early closes the connection, so a huge object is never downloaded. */
async function firstBytes(body: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= limit) break;
  }
  return Buffer.concat(chunks).subarray(0, limit);
}

/** What a failed PUT says. 5xx, 408, 429, a timeout and a lost connection say nothing, and are thrown on. */
function outcomeOf(what: string, error: unknown): WriteOutcome {
  const status = statusOf(error);
  if (status === 412) return { kind: 'refused' };
  if (status === 409) return { kind: 'conflict' };
  // With If-Match, an object that was deleted meanwhile.
  if (isNamed(error, 'NoSuchKey')) return { kind: 'refused' };
  const isUnknown = status === undefined || status === 408 || status === 429 || status >= 500;
  if (isUnknown && status !== 501) throw explained(what, error);
  return { kind: 'failed', error: explained(what, error) };
}

function explained(what: string, error: unknown): UnreachableError {
  const status = statusOf(error);
  const said = `${what}: ${messageOf(error)}${status === undefined ? '' : ` (${status})`}`;
  const hint = status === 403 && what.startsWith('reading') ? NOT_FOUND_OR_NOT_ALLOWED : awsHint(error, 'S3');
  return new UnreachableError(said + hint, { cause: error });
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof S3ServiceException && error.name === name;
}
