import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import { pino } from 'pino';
import { openPublisherOf } from '../../src/cli/adapters.ts';
import { startServer, type RunningServer } from '../../src/cli/start-server.ts';
import { readPublisherConfig, readServerConfig, type DynamoDbConnection } from '../../src/config/config.ts';
import { startEmulator, type Emulator } from '../../src/demo/emulator.ts';
import type { PublisherContext } from '../../src/publishing/context.ts';

/** A shop's whole installation on this machine: emulated tables, pointers and archive in a folder of its own. */
export interface Shop {
  readonly root: string;
  readonly emulator: Emulator;
  readonly context: PublisherContext;
  /** Settings that name its pointers and archive. */
  readonly environment: Readonly<Record<string, string>>;
  /** Settings for the program in a process of its own, which must be told where the tables are, too. */
  readonly programEnvironment: Readonly<Record<string, string>>;
  /** A server in this process, ready; it closes with the test. */
  serve(settings?: Readonly<Record<string, string>>, dynamodb?: DynamoDbConnection): Promise<RunningServer>;
}

/** Opens a shop that is cleared away with the test. */
export async function openShop(): Promise<Shop> {
  const root = await mkdtemp(join(tmpdir(), 'topshelf-shop-'));
  const emulator = await startEmulator();
  const environment = {
    TOPSHELF_POINTER: pathToFileURL(join(root, 'pointers')).href,
    TOPSHELF_ARCHIVE: pathToFileURL(join(root, 'archive')).href,
    TOPSHELF_SAVED_POINTERS: join(root, 'saved-pointers'),
    TOPSHELF_TEMP_DIR: join(root, 'temp'),
    TOPSHELF_HOST: '127.0.0.1',
    PORT: '0',
    OPS_PORT: '0',
    TOPSHELF_POINTER_POLL_MS: '200',
    TOPSHELF_DRAIN_DELAY_MS: '0',
    TOPSHELF_LOG_LEVEL: 'silent',
    // What is tested is what is answered; a machine that is busy with other tests must not decide that.
    TOPSHELF_REQUEST_DEADLINE_MS: '5000',
    TOPSHELF_READ_TIMEOUT_MS: '4000',
  };
  const context = await openPublisherOf(readPublisherConfig(environment, emulator.connection));
  onTestFinished(async () => {
    await context.close();
    await emulator.close();
    await rm(root, { recursive: true, force: true });
  });
  return {
    root,
    emulator,
    context,
    environment,
    programEnvironment: {
      ...environment,
      AWS_ENDPOINT_URL_DYNAMODB: emulator.connection.endpoint,
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      TOPSHELF_LOG_LEVEL: 'info',
    },
    async serve(settings = {}, dynamodb = emulator.connection) {
      const config = readServerConfig({ ...environment, ...settings }, dynamodb);
      const server = await startServer(config, pino({ level: config.logLevel }));
      onTestFinished(() => server.close());
      await server.started;
      return server;
    },
  };
}

export interface Answered {
  readonly status: number;
  readonly version: string;
  readonly source: string;
  readonly reason?: string;
  readonly products: readonly string[];
}

/** What the API says of a user. */
export async function recommend(
  server: Pick<RunningServer, 'api'>,
  userId: string,
  query = '',
): Promise<Answered> {
  const response = await fetch(`${server.api}/recommendations/${encodeURIComponent(userId)}${query}`);
  const body = (await response.json()) as {
    version: string;
    source: string;
    reason?: string;
    recommendations?: { productId: string }[];
  };
  const { version, source, reason, recommendations = [] } = body;
  const products = recommendations.map(({ productId }) => productId);
  return { status: response.status, version, source, ...(reason && { reason }), products };
}
