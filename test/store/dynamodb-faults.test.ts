import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  StoreError,
  StoreThrottledError,
  StoreTimeoutError,
  TableMissingError,
} from '../../src/domain/errors.ts';
import { SEAL_KEY } from '../../src/domain/seal.ts';
import { createDynamoDbReader } from '../../src/store/dynamodb-reader.ts';
import { createSignedReader } from '../../src/store/dynamodb-signed-reader.ts';
import type { PredictionReader } from '../../src/store/prediction-reader.ts';
import { encodeSeal } from '../../src/store/seal-codec.ts';
import { sealOf } from '../contracts/prediction-store.contract.ts';
import {
  predictionItem,
  startStubDynamoDb,
  throttled,
  type StubDynamoDb,
  type StubFault,
} from '../support/stub-dynamodb.ts';

const TABLE = 'topshelf-home-v1';
const ITEMS = '[["22423",0.31]]';
const soon = () => AbortSignal.timeout(20_000);

const EXCEPTIONS: [name: string, fault: StubFault, error: new (...args: never[]) => Error][] = [
  ['throttling of a partition', throttled('TableReadKeyRangeThroughputExceeded'), StoreThrottledError],
  ['throttling of the account', throttled('TableReadAccountLimitExceeded'), StoreThrottledError],
  [
    'throttling of on-demand tables',
    throttled('TableReadMaxOnDemandThroughputExceeded'),
    StoreThrottledError,
  ],
  [
    'provisioned throughput exceeded',
    { kind: 'exception', name: 'ProvisionedThroughputExceededException' },
    StoreThrottledError,
  ],
  ['too many requests', { kind: 'exception', name: 'RequestLimitExceeded' }, StoreThrottledError],
  ['an internal error', { kind: 'exception', name: 'InternalServerError', status: 500 }, StoreError],
  ['a 503', { kind: 'exception', name: 'ServiceUnavailable', status: 503 }, StoreError],
  ['no permission', { kind: 'exception', name: 'AccessDeniedException' }, StoreError],
  ['no such table', { kind: 'exception', name: 'ResourceNotFoundException' }, TableMissingError],
  ['a connection that was reset', { kind: 'reset' }, StoreError],
  ['an answer that was cut off', { kind: 'truncated' }, StoreError],
  ['an answer that is not JSON', { kind: 'body', text: '<html>busy</html>' }, StoreError],
];

describe.each([
  ['the AWS SDK', createDynamoDbReader],
  ['signed requests', createSignedReader],
])('over %s', (_, createReader) => {
  let stub: StubDynamoDb;
  let reader: PredictionReader;

  beforeEach(async () => {
    stub = await startStubDynamoDb();
    stub.put(TABLE, predictionItem('anna', ITEMS), predictionItem('bert', ITEMS));
    stub.put(TABLE, { userId: { S: SEAL_KEY }, seal: { S: encodeSeal(sealOf('v1', 2)) } });
    reader = createReader({ ...stub.connection, maxSockets: 128 });
  });

  afterEach(async () => {
    reader.close();
    await stub.close();
  });

  async function readAnna(): Promise<unknown> {
    return (await reader.read(TABLE, ['anna'], soon())).get('anna');
  }

  /** Starts `count` reads that hang, and lets their callers leave all at once when they have arrived. */
  async function leaveHanging(count: number): Promise<void> {
    const before = stub.requests.length;
    stub.fault = () => ({ kind: 'hang' });
    const deadline = new AbortController();
    const reads = Array.from({ length: count }, (_, index) =>
      reader.read(TABLE, [`u${index}`], deadline.signal),
    );
    const ended = Promise.allSettled(reads);
    await expect.poll(() => stub.requests.length - before, { timeout: 10_000 }).toBe(count);
    deadline.abort();
    for (const read of await ended) {
      expect(read).toMatchObject({ status: 'rejected', reason: expect.any(StoreTimeoutError) as unknown });
    }
    stub.fault = () => undefined;
  }

  describe('a reader whose table does not answer', () => {
    it('frees its caller at the deadline, for one user, for many and for the seal', async () => {
      stub.fault = () => ({ kind: 'hang' });
      const started = performance.now();
      const deadline = () => AbortSignal.timeout(30);
      await expect(reader.read(TABLE, ['anna'], deadline())).rejects.toThrow(StoreTimeoutError);
      await expect(reader.read(TABLE, ['anna', 'bert'], deadline())).rejects.toThrow(StoreTimeoutError);
      await expect(reader.readSeal(TABLE, deadline())).rejects.toThrow(StoreTimeoutError);
      expect(performance.now() - started).toBeLessThan(1500);
    });

    it('lets the request drain for a second, then ends its connection', async () => {
      await leaveHanging(5);
      expect(stub.openSockets()).toBe(5);
      await expect.poll(() => stub.openSockets(), { timeout: 10_000 }).toBe(0);
    });

    it('ends the connection also where the headers came and the body drips', async () => {
      stub.fault = () => ({ kind: 'drip', ms: 200 });
      await expect(reader.read(TABLE, ['anna'], AbortSignal.timeout(100))).rejects.toThrow(StoreTimeoutError);
      expect(stub.openSockets()).toBe(1);
      await expect.poll(() => stub.openSockets(), { timeout: 10_000 }).toBe(0);
    });

    it('uses a connection again whose answer came late, but within that second', async () => {
      stub.fault = () => ({ kind: 'slow-headers', ms: 200 });
      await expect(reader.read(TABLE, ['anna'], AbortSignal.timeout(50))).rejects.toThrow(StoreTimeoutError);
      await new Promise((resolve) => setTimeout(resolve, 400));
      stub.fault = () => undefined;
      expect(await readAnna()).toEqual({ kind: 'found', items: ITEMS });
      expect(stub.socketsOpened()).toBe(1);
    });

    it('keeps at most 64 requests draining, however many callers leave at once', async () => {
      await leaveHanging(100);
      await expect.poll(() => stub.openSockets(), { timeout: 700, interval: 10 }).toBeLessThanOrEqual(64);
      expect(stub.openSockets()).toBe(64);
    });

    it('asks nothing for a caller whose time is over already', async () => {
      await expect(reader.read(TABLE, ['anna'], AbortSignal.abort())).rejects.toThrow(StoreTimeoutError);
      await readAnna();
      expect(stub.requests).toHaveLength(1);
    });
  });

  describe.each(EXCEPTIONS)('a reader that meets %s', (_, fault, error) => {
    it(`rejects with ${error.name}, asks once, and reads again when asked to`, async () => {
      for (const users of [['anna'], ['anna', 'bert']]) {
        stub.failOnce(fault);
        const before = stub.requests.length;
        const failure = await reader.read(TABLE, users, soon()).catch((thrown: unknown) => thrown);
        expect(failure).toBeInstanceOf(error);
        expect((failure as Error).cause).toBeDefined();
        expect(stub.requests.length - before).toBe(1);
        expect(await readAnna()).toEqual({ kind: 'found', items: ITEMS });
      }
    });

    it('rejects the same way when it reads the seal', async () => {
      stub.failOnce(fault);
      await expect(reader.readSeal(TABLE, soon())).rejects.toBeInstanceOf(error);
      expect(await reader.readSeal(TABLE, soon())).toMatchObject({ version: 'v1' });
    });
  });

  describe('a reader', () => {
    it('says that nobody listens there with a StoreError', async () => {
      await stub.close();
      await expect(readAnna()).rejects.toThrow(StoreError);
      stub = await startStubDynamoDb();
    });

    it('reports keys that were left unprocessed as throttled, never as absent', async () => {
      stub.fault = () => ({ kind: 'unprocessed', only: (userId) => userId !== 'anna' });
      const reads = await reader.read(TABLE, ['anna', 'bert', 'nobody'], soon());
      expect(reads).toEqual(
        new Map([
          ['anna', { kind: 'found', items: ITEMS }],
          ['bert', { kind: 'throttled' }],
          ['nobody', { kind: 'throttled' }],
        ]),
      );
      expect(stub.requests).toHaveLength(1);
    });

    it('asks for one user with GetItem and for more with one BatchGetItem, over one connection', async () => {
      await reader.read(TABLE, ['anna'], soon());
      await new Promise(setImmediate); // undici takes a connection for free in the turn after its answer
      await reader.read(TABLE, ['anna', 'bert'], soon());
      expect(stub.requests.map(({ operation }) => operation)).toEqual(['GetItem', 'BatchGetItem']);
      expect(stub.requests.map(({ isConsistent }) => isConsistent)).toEqual([false, false]);
      expect(stub.socketsOpened()).toBe(1);
    });

    it('reads the seal strongly consistent', async () => {
      await reader.readSeal(TABLE, soon());
      expect(stub.requests).toMatchObject([{ userIds: [SEAL_KEY], isConsistent: true }]);
    });

    it.each([
      ['without the attribute', { userId: { S: 'odd' } }],
      ['with a number', { userId: { S: 'odd' }, items: { N: '5' } }],
      ['with a list', { userId: { S: 'odd' }, items: { L: [{ S: '22423' }] } }],
    ])(
      'takes an item %s "items" for unreadable, not for an unknown user, and reads the others',
      async (_, item) => {
        stub.put(TABLE, item);
        const odd = { kind: 'unreadable' };
        expect((await reader.read(TABLE, ['odd'], soon())).get('odd')).toEqual(odd);
        const both = await reader.read(TABLE, ['anna', 'odd'], soon());
        expect([...both.values()]).toEqual([{ kind: 'found', items: ITEMS }, odd]);
      },
    );

    it.each([{ seal: { S: '{"version":"v1"}' } }, { seal: { S: 'sealed' } }, { seal: { N: '1' } }, {}])(
      'takes %j under the key of the seal for a StoreError, not for a table without a seal',
      async (attributes) => {
        stub.put(TABLE, { userId: { S: SEAL_KEY }, ...attributes });
        await expect(reader.readSeal(TABLE, soon())).rejects.toThrow(StoreError);
      },
    );

    it('leaves no connection behind when it is closed', async () => {
      await readAnna();
      reader.close();
      reader.close();
      await expect.poll(() => stub.openSockets()).toBe(0);
    });
  });

  it('takes an answer without any result for a failure, and for no word about the users', async () => {
    stub.failOnce({ kind: 'body', text: '{}' });
    await expect(reader.read(TABLE, ['anna', 'bert'], soon())).rejects.toThrow(StoreError);
  });

  it('takes the items of users that it did not ask for as a failure, for one user and for many', async () => {
    const Item = predictionItem('carl', ITEMS);
    stub.failOnce({ kind: 'body', text: JSON.stringify({ Item }) });
    await expect(readAnna()).rejects.toThrow(StoreError);
    stub.failOnce({ kind: 'body', text: JSON.stringify({ Responses: { [TABLE]: [Item] } }) });
    await expect(reader.read(TABLE, ['anna', 'bert'], soon())).rejects.toThrow(StoreError);
  });
});

describe('signed requests', () => {
  // The SDK takes all of these for an answer without an item.
  it.each(['[]', '5', '"busy"', 'true', '{"message":"busy"}', '{"Item":null}'])(
    'that are answered with %s have failed: neither user nor seal is absent by that',
    async (text) => {
      const stub = await startStubDynamoDb();
      const reader = createSignedReader({ ...stub.connection, maxSockets: 8 });
      onTestFinished(async () => {
        reader.close();
        await stub.close();
      });
      stub.fault = () => ({ kind: 'body', text });
      await expect(reader.read(TABLE, ['anna'], soon())).rejects.toThrow(StoreError);
      await expect(reader.read(TABLE, ['anna', 'bert'], soon())).rejects.toThrow(StoreError);
      await expect(reader.readSeal(TABLE, soon())).rejects.toThrow(StoreError);
    },
  );
});
