import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ROOT } from '../deploy/dockerfile.ts';
import { readDocuments } from '../deploy/manifests.ts';
import { becomesReady, CLI, spawnServer } from '../support/program.ts';
import { serviceEndpoints } from './endpoints.ts';

interface Compose {
  readonly services: Record<
    string,
    { readonly command: string[]; readonly environment: Record<string, string> }
  >;
}

// All three stores at once; the harness says which of them is not installed.
const areThere = ['DYNAMODB', 'S3', 'ZOOKEEPER'].every(
  (name) => process.env[`TOPSHELF_TEST_${name}`] !== undefined,
);

describe.skipIf(!areThere)('what compose.yaml starts, on real stores', () => {
  it('makes its bucket, publishes both days in order, waits for the server, and is answered', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'topshelf-compose-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { dynamodb, s3, zookeeper } = serviceEndpoints();
    const hosts = new Map([
      ['zookeeper:2181', zookeeper],
      ['dynamodb:8000', new URL(dynamodb).host],
      ['s3:7070', new URL(s3.endpoint).host],
      ['/app', ROOT],
    ]);
    const here = (text: string) => [...hosts].reduce((so, [there, found]) => so.replace(there, found), text);
    const [compose] = readDocuments<Compose>('deploy/compose/compose.yaml');
    const serviceOf = (name: string) => {
      const { command = [], environment = {} } = compose?.services[name] ?? {};
      const settings = Object.entries(environment).map(([key, value]) => [key, here(value)] as const);
      return { command: command.map(here), settings: Object.fromEntries(settings) };
    };
    const own = {
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      TOPSHELF_TEMP_DIR: join(folder, 'temp'),
      TOPSHELF_SAVED_POINTERS: join(folder, 'saved-pointers'),
    };
    const run = async (script: string, name: string) => {
      const { command, settings } = serviceOf(name);
      const env = { ...process.env, ...settings, ...own };
      return (await promisify(execFile)(process.execPath, [script, ...command], { env })).stdout;
    };

    // The bucket's second making, after a restart, is no failure.
    await run(join(ROOT, 'deploy/compose/prepare.ts'), 'prepare');
    await run(join(ROOT, 'deploy/compose/prepare.ts'), 'prepare');
    expect(await run(CLI, 'publish-first')).toContain('epoch 1');
    const { settings, command } = serviceOf('server');
    expect(command).toEqual(['serve']);
    const server = await spawnServer({
      ...settings,
      ...own,
      PORT: '0',
      OPS_PORT: '0',
      TOPSHELF_DRAIN_DELAY_MS: '0',
    });
    await becomesReady(server);
    hosts.set('http://server:9464', server.ops);
    expect(await run(CLI, 'publish-second')).toContain('every replica (1) serves epoch 2');
    const answer = await fetch(`${server.api}/recommendations/12347`);
    expect(await answer.json()).toMatchObject({ userId: '12347', placement: 'home' });
    server.terminate();
    expect(await server.ended).toBe(0);
  });
});
