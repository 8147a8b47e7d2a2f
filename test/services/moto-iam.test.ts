import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { batch, createFolder } from '../publishing/fixtures.ts';
import { recordFigure } from '../support/figures.ts';
import { covers, policyOf, ROLES } from '../support/iam-policy.ts';
import { becomesReady, spawnServer, topshelf } from '../support/program.ts';
import { recommend } from '../support/shop.ts';
import { serviceEndpoints } from './endpoints.ts';
import { startRecordingProxy, tellDynamoDb, tellS3, type Call } from './recording-proxy.ts';

const GUARANTEE = 37;

type Role = 'server' | 'publisher' | 'pruner' | 'eraser';
const placement = `iam_${randomUUID().slice(0, 8)}`;
const calls: Record<Role, Call[]> = { server: [], publisher: [], pruner: [], eraser: [] };
let bucket: string;

/** Everything each role does, with every option that asks AWS for more. */
async function doEverything(): Promise<void> {
  const services = serviceEndpoints();
  bucket = services.s3.bucket;
  const folder = await createFolder();
  const dynamodb = await startRecordingProxy(services.moto, tellDynamoDb);
  const s3 = await startRecordingProxy(services.s3.endpoint, tellS3);
  onTestFinished(async () => {
    await dynamodb.close();
    await s3.close();
    await folder.remove();
  });
  const environment = {
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_REGION: services.s3.region,
    AWS_ACCESS_KEY_ID: services.s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: services.s3.secretAccessKey,
    TOPSHELF_S3_PATH_STYLE: 'true',
    TOPSHELF_POINTER: `s3://${bucket}/topshelf/pointers`,
    TOPSHELF_ARCHIVE: `s3://${bucket}/topshelf/archive`,
    TOPSHELF_SAVED_POINTERS: `${folder.path}/saved-pointers`,
    TOPSHELF_HOST: '127.0.0.1',
    TOPSHELF_DRAIN_DELAY_MS: '0',
    TOPSHELF_REQUEST_DEADLINE_MS: '5000',
    TOPSHELF_READ_TIMEOUT_MS: '4000',
    PORT: '0',
    OPS_PORT: '0',
  };
  const as = async (role: Role, work: () => Promise<unknown>): Promise<void> => {
    await work();
    calls[role].push(...dynamodb.take(), ...s3.take());
  };
  const run = (role: Role, ...args: string[]) =>
    as(role, () => topshelf({ environment, cwd: folder.path }, ...args, '--placement', placement));

  const files = await Promise.all(
    [1, 2, 3, 4].map((seed) => folder.file(batch(30, seed), `day-${seed}.csv`)),
  );
  const [first = '', second = '', third = '', fourth = ''] = files;
  const options = [
    '--tag',
    'team=shop',
    '--deletion-protection',
    '--warm-reads',
    '13000',
    '--warm-writes',
    '5000',
  ];
  await run('publisher', 'publish', first, ...options);
  await run('publisher', 'publish', second, '--run-id', 'second', ...options);
  await run('publisher', 'publish', second, '--run-id', 'second', ...options);
  await run('publisher', 'publish', third, ...options);
  await run('publisher', 'block', 'product-1');
  await run('publisher', 'unblock', 'product-1');
  await run('publisher', 'status', '--history', '3');
  await run('publisher', 'versions', '--history', '3');
  await run('publisher', 'explain', 'user-1');
  await run('publisher', 'rollback');
  await run('publisher', 'release');
  const loaded = (await topshelf({ environment }, 'load', fourth, '--placement', placement)) as {
    version: string;
  };
  await run('publisher', 'check', loaded.version);
  await run('publisher', 'activate', loaded.version);

  const server = await spawnServer({ ...environment, TOPSHELF_PLACEMENTS: '*' });
  await as('server', async () => {
    await becomesReady(server);
    await recommend(server, 'user-1', `?placement=${placement}`);
    // So many at once leave as a batch.
    const userIds = Array.from({ length: 30 }, (_, index) => `user-${index}-x`);
    const body = JSON.stringify({ userIds, placement });
    const headers = { 'content-type': 'application/json' };
    const answered = await fetch(`${server.api}/recommendations`, { method: 'POST', headers, body });
    expect(answered.status).toBe(200);
    server.terminate();
    await server.ended;
  });

  await run('eraser', 'erase', 'user-1');
  await run('pruner', 'prune', '--keep-versions', '2', '--min-age', '0s', '--grace', '1s', '--yes');
}

/** Calls that no statement allows. */
function refused(role: Role): string[] {
  const missing = calls[role].filter(
    ({ action, resource }) =>
      !policyOf(role).some(
        ({ Action, Resource }) =>
          Action.includes(action) && Resource.some((pattern) => covers(pattern, resource, bucket)),
      ),
  );
  return [...new Set(missing.map(({ action, resource }) => `${action} ${resource}`))];
}

/** What is allowed, and never called. */
function unused(role: Role): string[] {
  const isCalled = (action: string, pattern: string) =>
    calls[role].some((call) => call.action === action && covers(pattern, call.resource, bucket));
  return policyOf(role).flatMap(({ Action, Resource }) =>
    Action.flatMap((action) =>
      Resource.filter((pattern) => !isCalled(action, pattern)).map((pattern) => `${action} ${pattern}`),
    ),
  );
}

it('each role’s policy allows every call that the code makes, on what it names, and no other', async ({
  task,
}) => {
  await doEverything();
  expect(ROLES).toEqual(Object.keys(calls).sort());
  for (const role of Object.keys(calls) as Role[]) {
    expect.soft(calls[role].length, role).toBeGreaterThan(0);
    expect.soft(refused(role), `${role}: called, and not allowed`).toEqual([]);
    expect.soft(unused(role), `${role}: allowed, and not called`).toEqual([]);
  }
  const tried = Object.values(calls).flat().length;
  recordFigure(GUARANTEE, {
    test: task.name,
    tried,
    result: `${ROLES.length} roles, 0 calls refused, 0 permissions unused`,
  });
}, 300_000);
