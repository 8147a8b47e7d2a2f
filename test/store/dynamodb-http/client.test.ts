import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionLostError, StoreThrottledError } from '../../../src/domain/errors.ts';
import { createServerClock } from '../../../src/store/dynamodb-http/clock.ts';
import { findEndpoint } from '../../../src/store/dynamodb-http/endpoint.ts';
import { createSignedReader } from '../../../src/store/dynamodb-signed-reader.ts';
import type { PredictionReader } from '../../../src/store/prediction-reader.ts';
import {
  predictionItem,
  startStubDynamoDb,
  throttled,
  type StubDynamoDb,
} from '../../support/stub-dynamodb.ts';

const TABLE = 'topshelf-home-v1';
const ITEMS = '[["22423",0.31]]';
const soon = () => AbortSignal.timeout(20_000);

let stub: StubDynamoDb;
let reader: PredictionReader;

beforeEach(async () => {
  stub = await startStubDynamoDb();
  stub.put(TABLE, predictionItem('anna', ITEMS));
  reader = createSignedReader({ ...stub.connection, maxSockets: 3 });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  reader.close();
  await stub.close();
});

const readAnna = () => reader.read(TABLE, ['anna'], soon());
const failureOf = (work: Promise<unknown>) => work.catch((thrown: unknown) => thrown as Error);

describe('a signed request', () => {
  it('tells of a connection that ended before it brought a byte, so that it can be asked anew', async () => {
    await readAnna();
    stub.failOnce({ kind: 'reset' });
    expect(await failureOf(readAnna())).toBeInstanceOf(ConnectionLostError);
    stub.failOnce({ kind: 'truncated' });
    expect(await failureOf(readAnna())).not.toBeInstanceOf(ConnectionLostError);
  });

  it('keeps DynamoDB’s type, throttling reason and request id', async () => {
    stub.failOnce(throttled('TableReadAccountLimitExceeded'));
    const failure = (await failureOf(readAnna())) as Error;
    expect(failure).toBeInstanceOf(StoreThrottledError);
    expect(failure.message).toMatch(
      /ThrottlingException the stub says ThrottlingException \(TableReadAccountLimitExceeded; request STUB-\d+\)$/,
    );
    expect(failure.cause).toMatchObject({
      name: 'ThrottlingException',
      $metadata: { httpStatusCode: 400 },
      throttlingReasons: [{ reason: 'TableReadAccountLimitExceeded' }],
    });
  });

  it('is signed anew, once, with the server’s time where the server says that ours is wrong', async () => {
    const ahead = new Date(Date.now() + 3_600_000);
    const skewed = { kind: 'exception', name: 'InvalidSignatureException', date: ahead } as const;
    stub.failOnce(skewed);
    expect((await readAnna()).get('anna')).toMatchObject({ kind: 'found' });
    const [first, second] = stub.requests.map(({ amzDate }) => amzDate);
    expect(first).not.toBe(second);
    expect(second?.slice(0, 11)).toBe(ahead.toISOString().slice(0, 13).replaceAll('-', ''));
    stub.fault = () => skewed;
    expect(await failureOf(readAnna())).toMatchObject({ code: 'store-error' });
    expect(stub.requests).toHaveLength(3);
  });

  it('is signed anew also where another one, under way at the same time, has put the time right', async () => {
    const ahead = Date.now() + 3_600_000;
    stub.fault = ({ amzDate }) =>
      amzDate.slice(9, 11) === new Date(ahead).toISOString().slice(11, 13)
        ? undefined
        : { kind: 'exception', name: 'InvalidSignatureException', date: new Date(ahead) };
    const reads = await Promise.all([readAnna(), readAnna(), readAnna()]);
    expect(reads.map((read) => read.get('anna')?.kind)).toEqual(['found', 'found', 'found']);
    expect(stub.requests).toHaveLength(6);
  });

  it('that finds no connection free fails at once', async () => {
    await readAnna();
    stub.fault = () => ({ kind: 'slow-headers', ms: 200 });
    const started = performance.now();
    const reads = await Promise.all(Array.from({ length: 4 }, () => failureOf(readAnna())));
    expect(reads.filter((read) => read instanceof Error)).toHaveLength(1);
    expect((reads[3] as Error).message).toContain('all 3 connections are in use');
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('takes no answer larger than DynamoDB’s largest', async () => {
    stub.failOnce({ kind: 'body', text: `{"Item":{"items":{"S":"${'x'.repeat(16 * 1024 * 1024)}"}}}` });
    expect(await failureOf(readAnna())).toMatchObject({ code: 'store-error' });
    expect((await readAnna()).get('anna')).toMatchObject({ kind: 'found' });
  });

  it('is not sent by a reader that is closed', async () => {
    reader.close();
    expect(await failureOf(readAnna())).toMatchObject({ code: 'store-error' });
    expect(stub.requests).toEqual([]);
  });
});

describe('the endpoint', () => {
  const keys = { accessKeyId: 'a', secretAccessKey: 'b' };

  it('is that of the region, or of the account where the credentials name it', async () => {
    const connection = { region: 'eu-west-1', credentials: keys };
    const { origin, region, provideCredentials } = await findEndpoint(connection);
    expect({ origin, region }).toEqual({
      origin: 'https://dynamodb.eu-west-1.amazonaws.com',
      region: 'eu-west-1',
    });
    expect(await provideCredentials()).toMatchObject(keys);
    const ofAccount = { ...connection, credentials: { ...keys, accountId: '123456789012' } };
    expect((await findEndpoint(ofAccount)).origin).toBe('https://123456789012.ddb.eu-west-1.amazonaws.com');
  });

  it('is what the AWS SDK’s own settings say', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', 'http://127.0.0.1:4566');
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'from-the-environment');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    const { origin, region, provideCredentials } = await findEndpoint({});
    expect({ origin, region }).toEqual({ origin: 'http://127.0.0.1:4566', region: 'eu-central-1' });
    expect(await provideCredentials()).toMatchObject({ accessKeyId: 'from-the-environment' });
  });
});

describe('the clock', () => {
  const NOW = Date.parse('2026-11-24T12:00:00Z');

  it.each([
    ['an hour ahead', 'RequestTimeTooSkewed', 'Tue, 24 Nov 2026 13:00:00 GMT', NOW + 3_600_000],
    ['a day behind', 'InvalidSignatureException', 'Mon, 23 Nov 2026 12:00:00 GMT', NOW - 86_400_000],
    ['no further than requests take', 'InvalidSignatureException', 'Tue, 24 Nov 2026 12:00:02 GMT', NOW],
    ['ahead, but that was not the trouble', 'ValidationException', 'Tue, 24 Nov 2026 13:00:00 GMT', NOW],
    ['not told', 'RequestTimeTooSkewed', undefined, NOW],
    ['nonsense', 'RequestTimeTooSkewed', 'yesterday', NOW],
  ])('follows a server whose time is %s', (_, name, date, expected) => {
    const clock = createServerClock(() => NOW);
    expect(clock.correct(name, date, NOW)).toBe(expected !== NOW);
    expect(clock.now()).toBe(expected);
    expect(clock.correct(name, date, clock.now())).toBe(false);
    // Signed before it was put right: that request is to be signed anew as well.
    expect(clock.correct(name, date, NOW)).toBe(expected !== NOW);
  });
});
