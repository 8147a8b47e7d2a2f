import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { openPublisherOf } from '../../src/cli/adapters.ts';
import { readPublisherConfig } from '../../src/config/config.ts';
import { activate, type Activated } from '../../src/publishing/activate.ts';
import type { PublisherContext } from '../../src/publishing/context.ts';
import { publish } from '../../src/publishing/publish.ts';
import type { Golden } from '../support/paced-load.ts';
import { bundledFile, bundledRanking } from '../support/real-data.ts';
import { serviceEndpoints } from './endpoints.ts';

export const DEADLINE_MS = 100;
export const MAX_READS = 32;
/** What start-server.ts sets aside for reads whose callers have left comes on top. */
export const MAX_SOCKETS = MAX_READS + 64;

/** A shop on the real services, with two days published: the second one is live. */
export interface FaultShop {
  readonly context: PublisherContext;
  readonly goldens: ReadonlyMap<string, Golden>;
  /** Users with a prediction in every version. */
  readonly users: readonly string[];
  readonly versions: readonly [string, string];
  /** Settings of a server that reaches the services directly. */
  readonly environment: Readonly<Record<string, string>>;
  /** Makes a version live, by the publisher's own way to the pointer store. */
  activate(version: string): Promise<Activated>;
  close(): Promise<void>;
}

const DAYS = ['2011-11-25', '2011-12-07'] as const;
const soon = () => AbortSignal.timeout(60_000);

/** Opens the shop with its pointers at `pointer` (as in TOPSHELF_POINTER); where none is given, in S3. */
export async function openFaultShop(pointer?: string): Promise<FaultShop> {
  const { dynamodb, s3 } = serviceEndpoints();
  const root = `${s3.bucket}/faults/${randomUUID()}`;
  const folder = await mkdtemp(join(tmpdir(), 'topshelf-faults-'));
  const environment = {
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    TOPSHELF_S3_PATH_STYLE: 'true',
    TOPSHELF_POINTER: pointer ?? `s3://${root}/pointers`,
    TOPSHELF_ARCHIVE: `s3://${root}/archive`,
    TOPSHELF_PLACEMENTS: 'home',
    TOPSHELF_SAVED_POINTERS: join(folder, 'saved-pointers'),
    TOPSHELF_TEMP_DIR: folder,
    TOPSHELF_HOST: '127.0.0.1',
    PORT: '0',
    OPS_PORT: '0',
    TOPSHELF_POINTER_POLL_MS: '500',
    TOPSHELF_REQUEST_DEADLINE_MS: String(DEADLINE_MS),
    TOPSHELF_READ_TIMEOUT_MS: '50',
    TOPSHELF_MAX_READS_IN_FLIGHT: String(MAX_READS),
    TOPSHELF_CACHE_MAX_AGE_SECONDS: '1', // so that nearly every request asks the table
    TOPSHELF_DRAIN_DELAY_MS: '0',
    TOPSHELF_LOG_LEVEL: 'info',
  };
  // The publisher is in this process, and the AWS SDK reads its settings there; each test file has one of its own.
  for (const [name, value] of Object.entries(environment)) {
    if (name.startsWith('AWS_')) vi.stubEnv(name, value);
  }
  const context = await openPublisherOf(readPublisherConfig(environment));
  const goldens = new Map<string, Golden>();
  for (const day of DAYS) {
    const request = { placement: 'home', paths: [bundledFile(day)], reason: day };
    const { loaded } = await publish(context, request, () => undefined, soon());
    const popular = loaded.seal.popular.map(([productId]) => productId);
    goldens.set(loaded.version, { users: bundledRanking(day), popular });
  }
  const [first, second] = [...goldens.keys()] as [string, string];
  const [one, other] = DAYS.map((day) => bundledRanking(day));
  return {
    context,
    goldens,
    users: [...(one?.keys() ?? [])].filter((userId) => other?.has(userId)),
    versions: [first, second],
    environment,
    activate: (version) => activate(context, { placement: 'home', version, reason: 'test' }, soon()),
    async close() {
      await context.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
