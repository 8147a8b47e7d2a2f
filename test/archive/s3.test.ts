import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Archive } from '../../src/archive/archive.ts';
import { createS3Archive } from '../../src/archive/s3.ts';
import { UnreachableError } from '../../src/domain/errors.ts';
import { archiveContract } from '../contracts/archive.contract.ts';
import { startFakeS3, type FakeS3 } from '../pointer/fake-s3.ts';

const never = new AbortController().signal;
const KEY = 'home/activations/1.json';

let s3: FakeS3;
beforeAll(async () => {
  s3 = await startFakeS3();
});
afterAll(() => s3.close());

function open(silenceMs?: number): Archive {
  return createS3Archive({
    bucket: 'shop',
    prefix: 'archive',
    region: 'eu-west-1',
    endpoint: s3.endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    ...(silenceMs === undefined ? {} : { silenceMs }),
  });
}

archiveContract('S3 (fake server)', async () => {
  s3.objects.clear();
  return open();
});

describe('an archive in S3 that does not answer', () => {
  let archive: Archive;
  let folder: string;
  const wait = (silenceMs: number) => {
    archive.close();
    archive = open(silenceMs);
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'topshelf-s3-archive-'));
    s3.objects.clear();
    archive = open(100);
    await archive.putOnce(KEY, 'x'.repeat(1000), never);
  });
  afterEach(async () => {
    s3.hanging = false;
    archive.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    ['a read', () => archive.get(KEY, never)],
    ['a write', () => archive.putOnce('home/activations/2.json', '{}', never)],
    ['a list', () => archive.list('home/', never)],
  ])('fails %s after its silence', async (_, attempt) => {
    s3.hanging = true;
    await expect(attempt()).rejects.toBeInstanceOf(UnreachableError);
  });

  it.each([
    ['a read', () => archive.get(KEY, never)],
    ['a copy', () => archive.getFile(KEY, join(folder, 'copy'), never)],
  ])('fails %s that stops in the midst of the object', async (_, attempt) => {
    s3.getFaults.push('stall');
    await expect(attempt()).rejects.toBeInstanceOf(UnreachableError);
  });

  it.each([
    ['a read', (signal: AbortSignal) => archive.get(KEY, signal)],
    ['a write', (signal: AbortSignal) => archive.putOnce('home/activations/2.json', '{}', signal)],
    ['a list', (signal: AbortSignal) => archive.list('home/', signal)],
  ])('lets go of %s whose caller gives up', async (_, attempt) => {
    wait(60_000);
    s3.hanging = true;
    await expect(attempt(AbortSignal.timeout(50))).rejects.toBeInstanceOf(UnreachableError);
  });

  it('lets go of a copy in the midst of the object', async () => {
    wait(60_000);
    s3.getFaults.push('stall');
    const attempt = archive.getFile(KEY, join(folder, 'copy'), AbortSignal.timeout(50));
    await expect(attempt).rejects.toBeInstanceOf(UnreachableError);
  });
});
