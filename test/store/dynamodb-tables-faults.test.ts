import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError, StoreThrottledError, TableMissingError } from '../../src/domain/errors.ts';
import { writePredictions } from '../../src/publishing/write-predictions.ts';
import { toStoreError } from '../../src/store/dynamodb-errors.ts';
import { createDynamoDbTables } from '../../src/store/dynamodb-tables.ts';
import { predictionItem, startStubDynamoDb, throttled, type StubDynamoDb } from '../support/stub-dynamodb.ts';

const TABLE = 'topshelf-home-v1';
const ITEMS = '[["22423",0.31]]';
const soon = () => AbortSignal.timeout(20_000);

let stub: StubDynamoDb;

beforeEach(async () => {
  stub = await startStubDynamoDb();
  stub.put(TABLE, predictionItem('anna', ITEMS), predictionItem('bert', ITEMS));
});

afterEach(() => stub.close());

describe('tables, while they are written', () => {
  const predictions = ['u1', 'u2', 'u3'].map((userId) => ({ userId, items: ITEMS }));

  it('hand back what the store did not take, and only that', async () => {
    const tables = createDynamoDbTables(stub.connection);
    stub.fault = () => ({ kind: 'unprocessed', only: (userId) => userId === 'u2' });
    expect(await tables.write(TABLE, predictions, soon())).toEqual([{ userId: 'u2', items: ITEMS }]);
    expect(stub.item(TABLE, 'u1')).toEqual(predictionItem('u1', ITEMS));
    expect(stub.item(TABLE, 'u2')).toBeUndefined();
    expect(stub.requests).toHaveLength(1);
    tables.close();
  });

  it.each([
    ['throttling', throttled(), StoreThrottledError],
    [
      'an internal error',
      { kind: 'exception', name: 'InternalServerError', status: 500 } as const,
      StoreError,
    ],
    ['a connection that was reset', { kind: 'reset' } as const, StoreError],
  ])('report %s after one request, and a load writes again', async (_, fault, expected) => {
    const tables = createDynamoDbTables(stub.connection);
    stub.failOnce(fault);
    await expect(tables.write(TABLE, predictions, soon())).rejects.toThrow(expected);
    expect(stub.requests).toHaveLength(1);

    stub.failOnce(fault);
    const all = async function* () {
      yield* predictions;
    };
    const options = { concurrency: 4, stallMs: 10_000, onWritten: () => undefined, signal: soon() };
    expect(await writePredictions(tables, TABLE, all(), options)).toBe(3);
    expect(stub.requests).toHaveLength(3);
    tables.close();
  });

  it('say what makes room where the account has as many tables as it may', () => {
    const refusal = Object.assign(new Error('Subscriber limit exceeded'), { name: 'LimitExceededException' });
    const error = toStoreError(refusal, 'CreateTable', TABLE);
    expect(error).toBeInstanceOf(StoreThrottledError);
    expect(error.message).toMatch(/CreateTable on table topshelf-home-v1 failed: .*"topshelf prune" deletes/);
    expect(toStoreError(refusal, 'PutItem', TABLE).message).not.toContain('prune');
  });

  it('pass on an error that is not of the store for the moment', async () => {
    const tables = createDynamoDbTables(stub.connection);
    await expect(tables.write('not-there', predictions, soon())).rejects.toThrow(TableMissingError);
    expect(stub.requests).toHaveLength(1);
    tables.close();
  });

  it('ask again for keys that a read-back left unprocessed', async () => {
    const tables = createDynamoDbTables(stub.connection);
    stub.failOnce({ kind: 'unprocessed', only: (userId) => userId === 'bert' });
    const stored = await tables.readBack(TABLE, ['anna', 'bert', 'nobody'], soon());
    expect(stored).toEqual(
      new Map([
        ['anna', ITEMS],
        ['bert', ITEMS],
      ]),
    );
    expect(stub.requests.map(({ userIds }) => userIds)).toEqual([['anna', 'bert', 'nobody'], ['bert']]);
    expect(stub.requests.every(({ isConsistent }) => isConsistent)).toBe(true);
    tables.close();
  });

  it('stop trying when they are told to', async () => {
    const tables = createDynamoDbTables(stub.connection);
    stub.fault = () => throttled();
    const stop = AbortSignal.timeout(300);
    await expect(tables.write(TABLE, predictions, stop)).rejects.toThrow();
    const asked = stub.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(stub.requests.length - asked).toBeLessThanOrEqual(1);
    tables.close();
  });
});
