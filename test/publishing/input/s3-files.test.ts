import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UnreachableError } from '../../../src/domain/errors.ts';
import type { RemoteFile, RemoteFiles } from '../../../src/publishing/input/remote-files.ts';
import { createS3Files } from '../../../src/publishing/input/s3-files.ts';
import { startFakeS3, type FakeS3 } from '../../pointer/fake-s3.ts';
import { createFolder, never } from '../fixtures.ts';

let s3: FakeS3;
let folder: Awaited<ReturnType<typeof createFolder>>;
let files: RemoteFiles;
const file: RemoteFile = { url: 's3://shop/day/a.csv', bytes: 1000, etag: '', modifiedAt: 0 };

beforeAll(async () => {
  s3 = await startFakeS3();
  folder = await createFolder();
});
afterAll(async () => {
  await s3.close();
  await folder.remove();
});
beforeEach(() => {
  s3.objects.set('shop/day/a.csv', Buffer.alloc(1000, 'x'));
  open(100);
});
afterEach(() => {
  s3.hanging = false;
  s3.getFaults.length = 0;
  files.close();
});

function open(silenceMs: number): void {
  files = createS3Files({
    region: 'eu-west-1',
    endpoint: s3.endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    silenceMs,
  });
}
const copy = (signal = never, path = join(folder.path, 'copy')) => files.fetch(file, path, signal);

describe('files in S3 that does not answer', () => {
  it.each([
    ['a list', () => files.list('s3://shop/day', never), 'listing s3://shop/day failed'],
    ['a copy', () => copy(), 'reading s3://shop/day/a.csv failed'],
  ])('fail %s by its name after their silence', async (_, attempt, message) => {
    s3.hanging = true;
    const error = await attempt().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UnreachableError);
    expect((error as Error).message).toContain(message);
  });

  it('fail a copy by its name that stops in the midst of the object, each time it is tried', async () => {
    s3.getFaults.push('stall', 'stall', 'stall');
    const error = await copy().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UnreachableError);
    expect((error as Error).message).toContain('reading s3://shop/day/a.csv broke off 3 times');
    expect(s3.getFaults).toEqual([]);
  });

  it('go on where another attempt brings the whole object', async () => {
    s3.getFaults.push('stall');
    await copy();
  });

  it.each([
    ['a list', (signal: AbortSignal) => files.list('s3://shop/day', signal), 'hanging'],
    ['a copy', (signal: AbortSignal) => copy(signal), 'hanging'],
    ['a copy in the midst of the object', (signal: AbortSignal) => copy(signal), 'stall'],
  ])('let go of %s whose caller is interrupted', async (_, attempt, fault) => {
    files.close();
    open(60_000);
    if (fault === 'stall') s3.getFaults.push('stall');
    else s3.hanging = true;
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopped by SIGINT')), 50);
    await expect(attempt(stop.signal)).rejects.toThrow('stopped by SIGINT');
  });
});

it('a disk that takes no copy is told from a bucket that gives none, and is not tried again', async () => {
  const before = s3.requests.length;
  const error = await copy(never, join(folder.path, 'missing', 'copy')).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(UnreachableError);
  expect((error as Error).message).toContain('cannot be copied to this machine');
  expect((error as Error).message).toContain('TOPSHELF_TEMP_DIR');
  expect(s3.requests.length - before).toBe(1);
});
