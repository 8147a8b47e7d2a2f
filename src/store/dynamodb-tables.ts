import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  paginateListTables,
  ResourceNotFoundException,
  UpdateTableCommand,
  waitUntilTableExists,
  waitUntilTableNotExists,
  type TableStatus,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
} from '@aws-sdk/lib-dynamodb';
import type { DynamoDbConnection } from '../config/config.ts';
import { StoreThrottledError } from '../domain/errors.ts';
import { PROGRESS_KEY, SEAL_KEY } from '../domain/seal.ts';
import { pause } from '../resilience/deadline.ts';
import { toStoreError } from './dynamodb-errors.ts';
import { readSeal } from './dynamodb-reader.ts';
import { configureTable, creationFields, untilWarm } from './dynamodb-table-options.ts';
import { refuseReserved, type PredictionTables, type TableDescription } from './prediction-tables.ts';
import { decodeProgress, encodeProgress, encodeSeal } from './seal-codec.ts';

// The SDK's own retries, with its backoff: a publisher has time, and one failed call must not end a load.
const MAX_ATTEMPTS = 8;
const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;
// More than a load has batches under way, so that none waits for a connection.
const MAX_WRITE_SOCKETS = 128;
// A table is made in seconds; past this something is wrong.
const MAX_WAIT_SECONDS = 600;
// Keys that a read-back left unprocessed are asked for again so often, with a pause that doubles.
const READ_BACK_ATTEMPTS = 10;

/** Makes, fills and removes tables with the AWS SDK. */
export function createDynamoDbTables(connection: DynamoDbConnection): PredictionTables {
  const client = new DynamoDBClient({
    ...connection,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true, // without it the SDK only logs a warning
    },
  });
  // Writes are repeated by whoever paces them: retries in here would hide the throttling that they are paced by.
  const agent = { keepAlive: true, maxSockets: MAX_WRITE_SOCKETS };
  const writer = new DynamoDBClient({
    ...connection,
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
  const documents = DynamoDBDocumentClient.from(client);
  const waiter = { client, maxWaitTime: MAX_WAIT_SECONDS, minDelay: 1, maxDelay: 5 };

  /** Runs `work`, whose failures become the store's own errors. */
  async function ask<T>(operation: string, table: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toStoreError(error, operation, table);
    }
  }

  return {
    create: (table, signal, options = {}) =>
      ask('CreateTable', table, async () => {
        const command = new CreateTableCommand({
          TableName: table,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [{ AttributeName: 'userId', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'userId', KeyType: 'HASH' }],
          ...creationFields(options),
        });
        await client.send(command, { abortSignal: signal });
        await waitUntilTableExists({ ...waiter, abortSignal: signal }, { TableName: table });
        if (options.warm !== undefined) await untilWarm(waiter, table, options.warm, signal);
      }),

    configure: (table, options, signal) =>
      ask('UpdateTable', table, () => configureTable(waiter, table, options, signal)),

    write: (table, predictions, signal) =>
      ask('BatchWriteItem', table, async () => {
        const puts = predictions.map(({ userId, items }) => ({
          PutRequest: { Item: { userId: { S: userId }, items: { S: items } } },
        }));
        const command = new BatchWriteItemCommand({ RequestItems: { [table]: puts } });
        const { UnprocessedItems } = await writer.send(command, { abortSignal: signal });
        return (UnprocessedItems?.[table] ?? []).map(({ PutRequest }) => ({
          userId: PutRequest?.Item?.userId?.S ?? '',
          items: PutRequest?.Item?.items?.S ?? '',
        }));
      }),

    writeProgress: (table, progress, signal) =>
      ask('PutItem', table, async () => {
        const Item = { userId: PROGRESS_KEY, progress: encodeProgress(progress) };
        await documents.send(new PutCommand({ TableName: table, Item }), { abortSignal: signal });
      }),

    readProgress: (table, signal) =>
      ask('GetItem', table, async () => {
        const command = new GetCommand({
          TableName: table,
          Key: { userId: PROGRESS_KEY },
          ConsistentRead: true,
        });
        const { Item } = await documents.send(command, { abortSignal: signal });
        return Item === undefined ? null : decodeProgress(String(Item.progress), table);
      }),

    readBack: (table, userIds, signal) =>
      ask('BatchGetItem', table, async () => {
        const stored = new Map<string, string>();
        let keys: Record<string, unknown>[] = userIds.map((userId) => ({ userId }));
        for (let attempt = 0; keys.length > 0; attempt += 1) {
          if (attempt === READ_BACK_ATTEMPTS) {
            throw new StoreThrottledError(
              `reading back from table ${table} left ${keys.length} keys unprocessed`,
            );
          }
          if (attempt > 0) await pause(50 * 2 ** attempt, signal);
          const command = new BatchGetCommand({
            RequestItems: { [table]: { Keys: keys, ConsistentRead: true } },
          });
          const { Responses, UnprocessedKeys } = await documents.send(command, { abortSignal: signal });
          for (const item of Responses?.[table] ?? []) stored.set(String(item.userId), String(item.items));
          keys = UnprocessedKeys?.[table]?.Keys ?? [];
        }
        return stored;
      }),

    seal: (table, seal, signal) =>
      ask('PutItem', table, async () => {
        const command = new PutCommand({
          TableName: table,
          Item: { userId: SEAL_KEY, seal: encodeSeal(seal) },
        });
        await documents.send(command, { abortSignal: signal });
      }),

    readSeal: (table, signal) => ask('GetItem', table, () => readSeal(client, table, signal)),

    describe: (table, signal) =>
      ask('DescribeTable', table, async (): Promise<TableDescription | null> => {
        try {
          const { Table } = await client.send(new DescribeTableCommand({ TableName: table }), {
            abortSignal: signal,
          });
          return {
            table,
            status: statusOf(Table?.TableStatus),
            createdAt: Table?.CreationDateTime?.toISOString(),
          };
        } catch (error) {
          if (error instanceof ResourceNotFoundException) return null;
          throw error;
        }
      }),

    list: (prefix, signal) =>
      ask('ListTables', `${prefix}*`, async () => {
        const names: string[] = [];
        for await (const page of paginateListTables({ client }, {}, { abortSignal: signal })) {
          names.push(...(page.TableNames ?? []).filter((name) => name.startsWith(prefix)));
        }
        return names;
      }),

    async eraseUser(table, userId, signal) {
      refuseReserved(userId);
      return ask('DeleteItem', table, async () => {
        const command = new DeleteCommand({ TableName: table, Key: { userId }, ReturnValues: 'ALL_OLD' });
        const { Attributes } = await documents.send(command, { abortSignal: signal });
        return Attributes !== undefined;
      });
    },

    delete: (table, signal) =>
      ask('DeleteTable', table, async () => {
        const remove = () =>
          client.send(new DeleteTableCommand({ TableName: table }), { abortSignal: signal });
        try {
          await remove().catch(async (error: unknown) => {
            if (!isProtection(error)) throw error;
            const unprotect = new UpdateTableCommand({ TableName: table, DeletionProtectionEnabled: false });
            await client.send(unprotect, { abortSignal: signal });
            await waitUntilTableExists({ ...waiter, abortSignal: signal }, { TableName: table });
            await remove();
          });
        } catch (error) {
          if (error instanceof ResourceNotFoundException) return;
          throw error;
        }
        await waitUntilTableNotExists({ ...waiter, abortSignal: signal }, { TableName: table });
      }),

    close() {
      client.destroy();
      writer.destroy();
    },
  };
}

/** DynamoDB has no name of its own for this refusal: only its message says that the table is protected. */
function isProtection(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'ValidationException' &&
    /deletion ?protection|protected against deletion/i.test(error.message)
  );
}

function statusOf(status: TableStatus | undefined): TableDescription['status'] {
  switch (status) {
    case 'ACTIVE':
    case 'UPDATING':
      return 'active';
    case 'CREATING':
      return 'creating';
    case 'DELETING':
      return 'deleting';
    default:
      return 'other';
  }
}
