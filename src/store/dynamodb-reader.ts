import { BatchGetItemCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDbConnection } from '../config/config.ts';
import { StoreTimeoutError } from '../domain/errors.ts';
import { SEAL_KEY, type Seal } from '../domain/seal.ts';
import { untilAborted } from '../resilience/deadline.ts';
import { createDraining } from './draining.ts';
import { toStoreError } from './dynamodb-errors.ts';
import { toSeal, toUserRead, toUserReads, type StoredItem } from './dynamodb-item.ts';
import type { PredictionReader, UserRead } from './prediction-reader.ts';

export interface DynamoDbReaderOptions extends DynamoDbConnection {
  /** Connections at most; a read that finds none free fails after `CONNECT_TIMEOUT_MS`. */
  readonly maxSockets: number;
}

// A read whose caller has left may end for this long: a new connection costs more than an answer that comes late.
const DRAIN_MS = 1000;
// So many reads without a caller at most; the oldest is aborted for the next.
const MAX_DRAINING = 64;
// Below 2 s the SDK counts it from the call, so that it also bounds the wait for a free connection.
const CONNECT_TIMEOUT_MS = 1000;

/** Reads predictions with the AWS SDK: what the signed reader, which servers use, is held against. */
export function createDynamoDbReader(options: DynamoDbReaderOptions): PredictionReader {
  const { maxSockets, ...connection } = options;
  const client = new DynamoDBClient({
    ...connection,
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: DRAIN_MS * 2,
      throwOnRequestTimeout: true, // without it the SDK only logs a warning
      httpAgent: { keepAlive: true, maxSockets },
      httpsAgent: { keepAlive: true, maxSockets },
    },
  });
  const draining = createDraining({ ms: DRAIN_MS, count: MAX_DRAINING });

  /** Runs a command for a caller that leaves when `signal` aborts; what is left behind drains in bounds. */
  async function ask<T>(
    table: string,
    run: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const tooLate = () => new StoreTimeoutError(`a read of table ${table} took too long`);
    if (signal.aborted) throw tooLate();
    const request = new AbortController();
    const work = run(request.signal);
    const drain = () => {
      const onDrained = draining.add(() => request.abort());
      work.then(onDrained, onDrained);
    };
    signal.addEventListener('abort', drain, { once: true });
    try {
      return await untilAborted(work, signal, tooLate);
    } catch (error) {
      throw toStoreError(error, 'a read', table);
    } finally {
      signal.removeEventListener('abort', drain);
    }
  }

  async function readOne(table: string, userId: string, signal: AbortSignal): Promise<Map<string, UserRead>> {
    const input = { TableName: table, Key: { userId: { S: userId } } };
    const { Item } = await client.send(new GetItemCommand(input), { abortSignal: signal });
    return new Map([[userId, toUserRead(Item, userId, table)]]);
  }

  async function readMany(
    table: string,
    userIds: readonly string[],
    signal: AbortSignal,
  ): Promise<Map<string, UserRead>> {
    const keys = userIds.map((userId) => ({ userId: { S: userId } }));
    const command = new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys } } });
    const { Responses, UnprocessedKeys } = await client.send(command, { abortSignal: signal });
    const unprocessed = (UnprocessedKeys?.[table]?.Keys ?? []) as StoredItem[];
    return toUserReads(userIds, Responses?.[table], unprocessed, table);
  }

  return {
    read(table, userIds, signal) {
      const [only] = userIds;
      return userIds.length === 1 && only !== undefined
        ? ask(table, (request) => readOne(table, only, request), signal)
        : ask(table, (request) => readMany(table, userIds, request), signal);
    },

    readSeal(table, signal) {
      return ask(table, (request) => readSeal(client, table, request), signal);
    },

    close() {
      client.destroy();
    },
  };
}

/** Reads the seal of a table, strongly consistent; null where there is none. Throws what the SDK throws. */
export async function readSeal(
  client: DynamoDBClient,
  table: string,
  signal: AbortSignal,
): Promise<Seal | null> {
  const input = { TableName: table, Key: { userId: { S: SEAL_KEY } }, ConsistentRead: true };
  const { Item } = await client.send(new GetItemCommand(input), { abortSignal: signal });
  return toSeal(Item, table);
}
