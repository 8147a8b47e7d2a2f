import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { pino } from 'pino';
import { startServer } from '../../src/cli/start-server.ts';
import { readServerConfig, serverSettings } from '../../src/config/config.ts';
import { encodePointer } from '../../src/pointer/codec.ts';
import { signed } from '../../src/pointer/signature.ts';
import { recordFigure } from '../support/figures.ts';
import { pemPair } from '../support/signing-keys.ts';
import { readSigningKey } from '../../src/pointer/signature.ts';
import { list, pointerTo, sealedTable } from '../support/versions.ts';
import { startStubDynamoDb } from '../support/stub-dynamodb.ts';

const GUARANTEE = 36;
const SECRET = 'secret-canary-91c2';
const USER = 'user-canary-7f3a';

it('/status, /metrics and the log show no setting that is a secret or a path, and no user id, under load', async ({
  task,
}) => {
  const root = await mkdtemp(join(tmpdir(), `topshelf-${SECRET}-`));
  onTestFinished(() => rm(root, { recursive: true }));
  const stub = await startStubDynamoDb();
  onTestFinished(() => stub.close());
  const { privatePem, publicPem } = pemPair();
  const key = readSigningKey(privatePem, 'private.pem');
  const target = sealedTable({ number: 1, users: { anna: list('a', 'b') } });
  const pointer = encodePointer(signed(pointerTo(target, 1), { key }));
  await writeFile(join(root, 'pointer-key.pem'), publicPem);
  await writeFile(join(root, 'bootstrap.json'), pointer);

  // Each setting that may be text of any kind has the canary in it.
  const settings = {
    TOPSHELF_POINTER: pathToFileURL(join(root, 'pointers')).href,
    TOPSHELF_ZOOKEEPER_DIGEST: `user:${SECRET}`,
    TOPSHELF_POINTER_KEYS: join(root, 'pointer-key.pem'),
    TOPSHELF_SAVED_POINTERS: join(root, 'saved'),
    TOPSHELF_BOOTSTRAP_POINTERS: join(root, 'bootstrap.json'),
  };
  const fixed = {
    TOPSHELF_HOST: '127.0.0.1',
    PORT: '0',
    OPS_PORT: '0',
    TOPSHELF_DRAIN_DELAY_MS: '0',
    TOPSHELF_LOG_LEVEL: 'trace',
  };
  const words = Object.keys(serverSettings.shape).filter(
    (name) => serverSettings.safeParse({ TOPSHELF_POINTER: 'file:///x', [name]: join(root, 'x') }).success,
  );
  // Left alone, so that the listener is where it is unless told otherwise.
  const left = ['TOPSHELF_OPS_HOST'];
  expect(words.filter((name) => !(name in settings) && !(name in fixed))).toEqual(left);
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const credentials = { accessKeyId: `AKIA${SECRET}`, secretAccessKey: SECRET };
  const config = readServerConfig({ ...settings, ...fixed }, { ...stub.connection, credentials });
  const server = await startServer(config, logger);
  onTestFinished(() => server.close());
  await server.ready;
  expect(server.ops).toMatch(/^http:\/\/127\.0\.0\.1:/);

  const asked = Array.from({ length: 300 }, async (_, index) => {
    const response = await fetch(`${server.api}/recommendations/${USER}-${index}`);
    return response.text();
  });
  const told = await Promise.all([...asked, tell(server.ops), tell(server.ops)]);
  // The table of the bootstrap pointer is not there: popular products, and a failure to write about.
  expect(told[0]).toContain('"source":"popular"');
  for (const text of [await tell(server.ops), ...told.slice(300), lines.join('')]) {
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(USER);
    expect(text).not.toContain('PRIVATE KEY');
  }
  recordFigure(GUARANTEE, {
    test: task.name,
    tried: asked.length,
    result: '0 matches in log, /status and /metrics',
  });
});

/** All that the ops listener tells. */
async function tell(ops: string): Promise<string> {
  const answers = ['/status', '/metrics', '/livez', '/readyz', `/${USER}`].map(async (path) =>
    (await fetch(`${ops}${path}`)).text(),
  );
  return (await Promise.all(answers)).join('\n');
}
