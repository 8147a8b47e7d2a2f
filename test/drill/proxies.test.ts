import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { copyPointerToFolder } from '../../src/drill/pointer-folder.ts';
import { startPointerProxy } from '../../src/drill/pointer-proxy.ts';
import type { PointerFault, PointerStandIn } from '../../src/drill/pointer-stand-in.ts';
import { startStoreProxy } from '../../src/drill/store-proxy.ts';
import { decodePointer, encodePointer } from '../../src/pointer/codec.ts';
import { createFilePointers } from '../../src/pointer/file.ts';
import type { PointerSource } from '../../src/pointer/pointer-source.ts';
import { createS3Pointers } from '../../src/pointer/s3.ts';
import { createSignedReader } from '../../src/store/dynamodb-signed-reader.ts';
import { StoreThrottledError } from '../../src/domain/errors.ts';
import { createForward } from '../../src/store/dynamodb-http/forward.ts';
import { examplePointer } from '../pointer/example-pointer.ts';
import { predictionItem, startStubDynamoDb, throttled } from '../support/stub-dynamodb.ts';

const REAL_EPOCH = 7;
const REAL = encodePointer(examplePointer({ epoch: REAL_EPOCH }));
const soon = () => AbortSignal.timeout(5000);

interface Followed {
  readonly standIn: PointerStandIn;
  readonly source: PointerSource;
}

/** Each stand-in, followed by the adapter that a server would follow it with. */
const FOLLOWED: Record<string, () => Promise<Followed>> = {
  async folder() {
    const folder = await mkdtemp(join(tmpdir(), 'topshelf-drill-test-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const standIn = await copyPointerToFolder(join(folder, 'pointers'), 'home', async () =>
      Buffer.from(REAL),
    );
    const root = fileURLToPath(standIn.environment.TOPSHELF_POINTER ?? '');
    return { standIn, source: createFilePointers({ root }) };
  },
  async 'S3 proxy'() {
    const standIn = await startPointerProxy('home', async () => Buffer.from(REAL));
    const { AWS_ENDPOINT_URL_S3: endpoint = '', TOPSHELF_POINTER } = standIn.environment;
    expect(TOPSHELF_POINTER).toBe('s3://drill');
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const connection = { endpoint, credentials, region: 'drill', forcePathStyle: true };
    return { standIn, source: createS3Pointers({ ...connection, bucket: 'drill', prefix: '' }) };
  },
};

describe.each(Object.entries(FOLLOWED))('the %s that stands for the pointer store', (_, follow) => {
  const open = async () => {
    const followed = await follow();
    onTestFinished(async () => {
      await followed.source.close();
      await followed.standIn.close();
    });
    const read = async () => {
      const reading = await followed.source.read('home', soon());
      return reading.kind === 'found' ? Buffer.from(reading.content).toString() : reading.kind;
    };
    return { ...followed, read, befall: (fault?: PointerFault) => followed.standIn.befall(fault) };
  };

  it('shows the real pointer, and says when it has not changed', async () => {
    const { source } = await open();
    const reading = await source.read('home', soon());
    if (reading.kind !== 'found') throw new Error(reading.kind);
    expect(Buffer.from(reading.content).toString()).toBe(REAL);
    expect(await source.read('home', soon(), reading.token)).toEqual({ kind: 'unchanged' });
  });

  it('shows half of it, then an older one whose checksum holds, then the real one again', async () => {
    const { read, befall } = await open();
    await befall('corrupt');
    const half = await read();
    expect(REAL.startsWith(half)).toBe(true);
    expect(() => decodePointer(Buffer.from(half), 'home')).toThrow(/not valid JSON/);
    await befall('older');
    const older = decodePointer(Buffer.from(await read()), 'home');
    expect(older).toMatchObject({ kind: 'pointer', pointer: { epoch: REAL_EPOCH - 1 } });
    await befall();
    expect(await read()).toBe(REAL);
  });

  it('is away, which is no answer and not the answer that there is no pointer; and is back', async () => {
    const { read, befall } = await open();
    await befall('away');
    await expect(read()).rejects.toMatchObject({ code: 'unreachable' });
    await befall();
    expect(await read()).toBe(REAL);
  });
});

describe('the proxy before the tables', () => {
  async function openProxy() {
    const stub = await startStubDynamoDb();
    stub.put('t', predictionItem('anna', '[["mug",1]]'), predictionItem('bert', '[["lamp",1]]'));
    const forward = createForward({ ...stub.connection, maxSockets: 4 });
    const proxy = await startStoreProxy((...asked) => forward.ask(...asked));
    const connection = { ...stub.connection, endpoint: proxy.endpoint };
    const reader = createSignedReader({ ...connection, maxSockets: 4 });
    onTestFinished(async () => {
      reader.close();
      await proxy.close();
      forward.close();
      await stub.close();
    });
    return { stub, proxy, reader };
  }

  it('passes reads on, one and many, and what the store says of them', async () => {
    const { stub, proxy, reader } = await openProxy();
    expect(await reader.read('t', ['anna'], soon())).toEqual(
      new Map([['anna', { kind: 'found', items: '[["mug",1]]' }]]),
    );
    expect((await reader.read('t', ['anna', 'bert', 'carl'], soon())).get('carl')).toEqual({
      kind: 'absent',
    });
    stub.failOnce(throttled());
    await expect(reader.read('t', ['anna'], soon())).rejects.toThrow(StoreThrottledError);
    expect(proxy.faultsMet()).toBe(0);
  });

  it('fails each read as it is told, and lets none through', async () => {
    const { stub, proxy, reader } = await openProxy();
    const type = 'com.amazonaws.dynamodb.v20120810#ThrottlingException';
    proxy.fault = { kind: 'exception', type, status: 400 };
    await expect(reader.read('t', ['anna'], soon())).rejects.toThrow(StoreThrottledError);
    expect(stub.requests).toEqual([]);
    expect(proxy.faultsMet()).toBe(1);
    proxy.fault = undefined;
    expect((await reader.read('t', ['anna'], soon())).get('anna')).toMatchObject({ kind: 'found' });
  });

  it('passes no write on, whatever signed it', async () => {
    const { stub, proxy } = await openProxy();
    for (const operation of ['PutItem', 'BatchWriteItem', 'DeleteTable', 'UpdateItem']) {
      const headers = { 'x-amz-target': `DynamoDB_20120810.${operation}` };
      const response = await fetch(proxy.endpoint, { method: 'POST', headers, body: '{"TableName":"t"}' });
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('AccessDeniedException');
    }
    expect(stub.requests).toEqual([]);
  });
});
