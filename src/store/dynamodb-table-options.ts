import { setTimeout as delay } from 'node:timers/promises';
import {
  DescribeTableCommand,
  TagResourceCommand,
  UpdateTableCommand,
  waitUntilTableExists,
  type CreateTableCommandInput,
  type DynamoDBClient,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { StoreTimeoutError } from '../domain/errors.ts';
import type { TableOptions } from './prediction-tables.ts';

/** How long to wait for a table, in seconds: one is made in seconds, and warmed in minutes. */
interface Patience {
  readonly client: DynamoDBClient;
  readonly maxWaitTime: number;
  readonly minDelay: number;
  readonly maxDelay: number;
}

const WARM_POLL_MS = 1_000;

/** The part of CreateTable that asks for `options`: nothing that was not asked for, as emulators know little of it. */
export function creationFields({ warm, tags, deletionProtection }: TableOptions) {
  return {
    ...(warm === undefined ? {} : { WarmThroughput: warmThroughput(warm) }),
    ...(tags === undefined ? {} : { Tags: tagList(tags) }),
    ...(deletionProtection === undefined ? {} : { DeletionProtectionEnabled: deletionProtection }),
  } satisfies Partial<CreateTableCommandInput>;
}

/** Gives the options to a table that is there already: an imported one, which could not be born with them. */
export async function configureTable(
  patience: Patience,
  table: string,
  { warm, tags, deletionProtection }: TableOptions,
  signal: AbortSignal,
): Promise<void> {
  const { client } = patience;
  const send = { abortSignal: signal };
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }), send);
  if (tags !== undefined && Object.keys(tags).length > 0) {
    await client.send(new TagResourceCommand({ ResourceArn: Table?.TableArn, Tags: tagList(tags) }), send);
  }
  // Only what changes is asked for, one change at a time: DynamoDB refuses changes to what is so already, or under way.
  if (deletionProtection !== undefined && Table?.DeletionProtectionEnabled !== deletionProtection) {
    const change = { TableName: table, DeletionProtectionEnabled: deletionProtection };
    await client.send(new UpdateTableCommand(change), send);
    await waitUntilTableExists({ ...patience, abortSignal: signal }, { TableName: table });
  }
  if (warm === undefined || isWarm(Table, warm)) return;
  await client.send(new UpdateTableCommand({ TableName: table, WarmThroughput: warmThroughput(warm) }), send);
  await untilWarm(patience, table, warm, signal);
}

/** Resolves when the table reports that it is active and at least as warm as asked. Rejects with StoreTimeoutError. */
export async function untilWarm(
  { client, maxWaitTime }: Patience,
  table: string,
  warm: NonNullable<TableOptions['warm']>,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + maxWaitTime * 1000;
  for (;;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }), {
      abortSignal: signal,
    });
    if (isWarm(Table, warm)) return;
    if (performance.now() > until) {
      const { Status = 'not reported' } = Table?.WarmThroughput ?? {};
      throw new StoreTimeoutError(
        `table ${table} is not warm after ${maxWaitTime} s: its warm throughput is ${Status}`,
      );
    }
    await delay(WARM_POLL_MS, undefined, { signal });
  }
}

function isWarm(
  table: TableDescription | undefined,
  { reads = 0, writes = 0 }: { reads?: number; writes?: number },
) {
  const { Status, ReadUnitsPerSecond = 0, WriteUnitsPerSecond = 0 } = table?.WarmThroughput ?? {};
  return Status === 'ACTIVE' && ReadUnitsPerSecond >= reads && WriteUnitsPerSecond >= writes;
}

function warmThroughput({ reads, writes }: { readonly reads?: number; readonly writes?: number }) {
  return {
    ...(reads === undefined ? {} : { ReadUnitsPerSecond: reads }),
    ...(writes === undefined ? {} : { WriteUnitsPerSecond: writes }),
  };
}

function tagList(tags: Readonly<Record<string, string>>) {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
