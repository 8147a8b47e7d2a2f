import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LostRaceError, UnreachableError } from '../../src/domain/errors.ts';
import { encodePointer } from '../../src/pointer/codec.ts';
import type { PointerSource } from '../../src/pointer/pointer-source.ts';
import type { PointerWriter } from '../../src/pointer/pointer-writer.ts';
import { createS3Pointers } from '../../src/pointer/s3.ts';
import { describePointerContract } from '../contracts/pointer.contract.ts';
import { examplePointer } from './example-pointer.ts';
import { startFakeS3, type FakeS3 } from './fake-s3.ts';

const never = new AbortController().signal;
const DEADLINE_MS = 2_000;
const KEY = 'shop/recommendations/home/pointer.json';

function open(s3: FakeS3): PointerSource & PointerWriter {
  return createS3Pointers({
    bucket: 'shop',
    prefix: 'recommendations',
    region: 'eu-west-1',
    endpoint: s3.endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    deadlineMs: DEADLINE_MS,
  });
}

describePointerContract('S3 (fake server)', {
  deadlineMs: DEADLINE_MS,
  cannot: { hint: 'S3 does not tell of changes' },
  async start() {
    const s3 = await startFakeS3();
    const keyOf = (placement: string) => `shop/recommendations/${placement}/pointer.json`;
    return {
      open: () => open(s3),
      putRaw: (placement, content) => void s3.objects.set(keyOf(placement), Buffer.from(content)),
      remove: (placement) => void s3.objects.delete(keyOf(placement)),
      break: () => void (s3.hanging = true),
      mend: () => void (s3.hanging = false),
      loseNextReply: () => void s3.putFaults.push('lose the reply'),
      loseHints: () => undefined,
      release: () => s3.close(),
    };
  },
});

describe('S3 pointers', () => {
  let s3: FakeS3;
  let pointers: PointerSource & PointerWriter;
  let token: string;

  beforeEach(async () => {
    s3 = await startFakeS3();
    pointers = open(s3);
    token = await pointers.write(examplePointer(), null, never);
    s3.requests.length = 0;
  });
  afterEach(async () => {
    await pointers.close();
    await s3.close();
  });

  const writeNext = () => pointers.write(examplePointer({ epoch: 2 }), token, never);
  const puts = () => s3.requests.filter((request) => request.startsWith('PUT')).length;
  const writtenByAnn = () => {
    s3.beforePut = () =>
      s3.objects.set(KEY, Buffer.from(encodePointer(examplePointer({ epoch: 2, activatedBy: 'ann' }))));
  };

  it('are written again after a 409, for as long as the ETag is the one that was read', async () => {
    s3.putFaults.push({ status: 409, code: 'ConditionalRequestConflict' });
    await writeNext();
    expect(puts()).toBe(2);
  });

  it('are not written again after a 409 that another writer won', async () => {
    s3.putFaults.push({ status: 409, code: 'ConditionalRequestConflict' });
    writtenByAnn();
    await expect(writeNext()).rejects.toThrow(LostRaceError);
  });

  it('are given up after four conflicts, with nothing written', async () => {
    for (let n = 0; n < 9; n++) s3.putFaults.push({ status: 409, code: 'ConditionalRequestConflict' });
    await expect(writeNext()).rejects.toThrow(LostRaceError);
    expect(puts()).toBe(4);
  });

  it.each([
    ['500', { status: 500, code: 'InternalError' }],
    ['503', { status: 503, code: 'SlowDown' }],
    ['a lost request', 'lose the request'],
  ] as const)('are written again after %s that left the ETag as it was', async (_, fault) => {
    s3.putFaults.push(fault);
    await writeNext();
    expect(puts()).toBe(2);
  });

  it('leave it open whether the write was stored when a later epoch came before the look', async () => {
    s3.putFaults.push('lose the request');
    s3.getFaults.push({ status: 500, code: 'InternalError' });
    const later = encodePointer(examplePointer({ epoch: 3, activatedBy: 'ann' }));
    const write = writeNext();
    while (puts() === 0) await delay(1);
    s3.objects.set(KEY, Buffer.from(later));
    await expect(write).rejects.toThrow(/did not say whether epoch 2 was stored.*epoch 3 by ann/s);
    await expect(write).rejects.toThrow(UnreachableError);
  });

  it('say so when the write and every look after it fail', async () => {
    s3.putFaults.push('lose the reply');
    for (let n = 0; n < 3; n++) s3.getFaults.push({ status: 503, code: 'SlowDown' });
    await expect(writeNext()).rejects.toThrow(/whether epoch 2 was stored/);
  });

  it.each([403, 501])('are not written again after %i, which no other try would change', async (status) => {
    s3.putFaults.push({ status, code: 'Refused' });
    await expect(writeNext()).rejects.toThrow(UnreachableError);
    expect(s3.requests).toEqual([`PUT ${KEY}`]);
  });

  it('are unreachable, not absent, where S3 answers 403 to a read', async () => {
    s3.getFaults.push({ status: 403, code: 'AccessDenied' });
    await expect(pointers.read('home', never)).rejects.toThrow(/s3:ListBucket/);
  });

  it('are unreachable, not absent, where the bucket does not exist', async () => {
    s3.getFaults.push({ status: 404, code: 'NoSuchBucket' });
    await expect(pointers.read('home', never)).rejects.toThrow(UnreachableError);
  });

  it('are read again after a passing failure', async () => {
    s3.getFaults.push({ status: 503, code: 'SlowDown' });
    expect((await pointers.read('home', never)).kind).toBe('found');
  });

  it('free the reader where the body stops in the middle', async () => {
    s3.getFaults.push('stall');
    await expect(pointers.read('home', never)).rejects.toThrow(/no answer within/);
  });

  it('are listed over all pages', async () => {
    for (const placement of ['a', 'b', 'c', 'd', 'Not-One']) {
      s3.objects.set(`shop/recommendations/${placement}/pointer.json`, Buffer.from('x'));
    }
    expect((await pointers.listPlacements(never)).sort()).toEqual(['a', 'b', 'c', 'd', 'home']);
  });
});
