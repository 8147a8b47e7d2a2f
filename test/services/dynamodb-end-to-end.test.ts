import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { becomesReady, spawnServer, topshelf } from '../support/program.ts';
import { bundledFile, bundledRanking, type BundledDay } from '../support/real-data.ts';
import { recommend } from '../support/shop.ts';
import { serviceEndpoints } from './endpoints.ts';

const SOON = { timeout: 8000, interval: 100 };
const USER = '12347';

/** The program's environment on real services, as production sets it; pointers where `pointer` says. */
async function environmentWith(pointer: string, placement: string) {
  const { dynamodb, s3 } = serviceEndpoints();
  const folder = await mkdtemp(join(tmpdir(), 'topshelf-services-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return {
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    TOPSHELF_S3_PATH_STYLE: 'true',
    TOPSHELF_POINTER: pointer,
    TOPSHELF_ARCHIVE: `s3://${s3.bucket}/end-to-end/${placement}/archive`,
    TOPSHELF_SAVED_POINTERS: join(folder, 'saved-pointers'),
    TOPSHELF_HOST: '127.0.0.1',
    TOPSHELF_DRAIN_DELAY_MS: '0',
    TOPSHELF_REQUEST_DEADLINE_MS: '5000',
    TOPSHELF_READ_TIMEOUT_MS: '4000',
    PORT: '0',
    OPS_PORT: '0',
  };
}

describe('the program on DynamoDB Local', () => {
  it.each([
    ['S3', 'in_s3', () => `s3://${serviceEndpoints().s3.bucket}/end-to-end/pointers`],
    ['ZooKeeper', 'in_zookeeper', () => `zookeeper://${serviceEndpoints().zookeeper}/end-to-end`],
  ])(
    'publishes, swaps, blocks and rolls back with its pointers in %s',
    async (_, placement, pointer) => {
      const environment = await environmentWith(pointer(), placement);
      const run = (...args: string[]) => topshelf({ environment }, ...args, '--placement', placement);
      const five = (day: BundledDay) => bundledRanking(day).get(USER)?.slice(0, 5);
      const server = await spawnServer(environment);
      const ask = (userId: string) => recommend(server, userId, `?placement=${placement}`);

      expect((await ask(USER)).status).toBe(503);
      await run('publish', bundledFile('2011-11-25'));
      await becomesReady(server);
      expect(await ask(USER)).toMatchObject({ source: 'personalized', products: five('2011-11-25') });

      await run('publish', bundledFile('2011-12-07'));
      await expect.poll(() => ask(USER), SOON).toMatchObject({ products: five('2011-12-07') });

      const [first = ''] = five('2011-12-07') ?? [];
      await run('block', first);
      await expect.poll(async () => (await ask(USER)).products, SOON).not.toContain(first);
      expect((await ask(USER)).products).toHaveLength(5);
      await run('unblock', first);

      await run('rollback');
      await expect.poll(() => ask(USER), SOON).toMatchObject({ products: five('2011-11-25') });
      await expect(run('publish', bundledFile('2011-12-07'))).rejects.toMatchObject({ code: 3 });

      server.terminate();
      expect(await server.ended).toBe(0);
    },
    120_000,
  );
});
