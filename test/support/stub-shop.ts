import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { startServer, type RunningServer } from '../../src/cli/start-server.ts';
import { readServerConfig } from '../../src/config/config.ts';
import type { Pointer } from '../../src/domain/pointer.ts';
import { encodeItems } from '../../src/domain/prediction.ts';
import { SEAL_KEY } from '../../src/domain/seal.ts';
import { createFilePointers } from '../../src/pointer/file.ts';
import type { PointerToken } from '../../src/pointer/pointer-source.ts';
import { encodeSeal } from '../../src/store/seal-codec.ts';
import type { Golden } from './paced-load.ts';
import { predictionItem, startStubDynamoDb, type StubDynamoDb } from './stub-dynamodb.ts';
import { list, pointerTo, sealedTable } from './versions.ts';

export const DEADLINE_MS = 100;
const MAX_READS = 32;
/** What start-server.ts sets aside for reads whose callers have left comes on top. */
export const MAX_SOCKETS = MAX_READS + 64;
export const USERS: readonly string[] = Array.from({ length: 2000 }, (_, at) => `user-${at}`);

const productsOf = (userId: string) => [1, 2, 3, 4, 5, 6, 7].map((place) => `${userId}-${place}`);
const numbered = (number: number) =>
  sealedTable({ number, users: Object.fromEntries(USERS.map((id) => [id, []])) });
const LIVE = numbered(1);
/** A second version with the same predictions, to go live later. */
export const NEXT = numbered(2);
export const VERSION = LIVE.seal.version;
export const GOLDEN: Golden = {
  users: new Map(USERS.map((userId) => [userId, productsOf(userId)])),
  popular: LIVE.seal.popular.map(([productId]) => productId),
};

/** The seal of a version as an item of its table. */
export function sealItem({ seal }: typeof LIVE, text = encodeSeal(seal)) {
  return { userId: { S: SEAL_KEY }, seal: { S: text } };
}

export interface StubShop {
  readonly stub: StubDynamoDb;
  readonly server: RunningServer;
  /** Writes the next pointer. */
  readonly activate: (pointer: Pointer) => Promise<void>;
}

/** A server in this process over a stub store, with `VERSION` live; `before` is told the stub before it is asked. */
export async function startOnStub(before: (stub: StubDynamoDb) => void = () => undefined): Promise<StubShop> {
  const stub = await startStubDynamoDb();
  for (const version of [LIVE, NEXT]) {
    const predictions = USERS.map((id) => predictionItem(id, encodeItems(list(...productsOf(id)))));
    stub.put(version.table, ...predictions);
  }
  stub.put(LIVE.table, sealItem(LIVE));
  before(stub);
  const root = await mkdtemp(join(tmpdir(), 'topshelf-stub-'));
  const pointers = createFilePointers({ root: join(root, 'pointers') });
  let token: PointerToken | null = null;
  const activate = async (pointer: Pointer) => {
    token = await pointers.write(pointer, token, AbortSignal.timeout(5000));
  };
  await activate(pointerTo(LIVE, 1));
  const environment = {
    TOPSHELF_POINTER: pathToFileURL(join(root, 'pointers')).href,
    TOPSHELF_SAVED_POINTERS: join(root, 'saved-pointers'),
    TOPSHELF_HOST: '127.0.0.1',
    PORT: '0',
    OPS_PORT: '0',
    TOPSHELF_POINTER_POLL_MS: '200',
    TOPSHELF_REQUEST_DEADLINE_MS: String(DEADLINE_MS),
    TOPSHELF_READ_TIMEOUT_MS: '50',
    TOPSHELF_MAX_READS_IN_FLIGHT: String(MAX_READS),
    TOPSHELF_CACHE_MAX_AGE_SECONDS: '1', // so that nearly every request asks the table
    TOPSHELF_UNKNOWN_MAX_AGE_SECONDS: '1',
    TOPSHELF_DRAIN_DELAY_MS: '0',
    TOPSHELF_LOG_LEVEL: 'silent',
  };
  const server = await startServer(readServerConfig(environment, stub.connection), pino({ level: 'silent' }));
  onTestFinished(async () => {
    await server.close();
    await stub.close();
    await pointers.close();
    await rm(root, { recursive: true });
  });
  await server.ready;
  return { stub, server, activate };
}
