/**
 * `npm run test:services`: starts the real services on free ports of loopback, runs the tests in this folder against
 * them, takes everything down and exits as vitest did. README.md says which arguments and variables there are.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from './server.ts';
import { DEFINITIONS, missingFor, type ServiceDefinition } from './servers.ts';

const OWN_ARGUMENTS = ['--allow-missing', '--require'];
const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');

const args = process.argv.slice(2);
const mayMiss = args.includes('--allow-missing') && !args.includes('--require') && process.env.CI !== 'true';
const servers: Server[] = [];
let tests: ChildProcess | undefined;
let interrupted: NodeJS.Signals | undefined;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted ??= signal;
    // Stops a start in progress as well: whatever is up already is taken down below.
    tests?.kill('SIGTERM');
  });
}

const directory = await mkdtemp(join(tmpdir(), 'topshelf-services-'));
try {
  process.exitCode = await run();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  await Promise.all(servers.map((server) => server.stop()));
  await rm(directory, { recursive: true, force: true });
}

async function run(): Promise<number> {
  const missing = DEFINITIONS.filter((definition) => missingFor(definition).length > 0);
  for (const definition of missing)
    say(`${definition.title} is not installed: ${missingFor(definition).join(', ')}`);
  if (missing.length > 0 && !mayMiss) {
    say('Install with: bash test/services/install.sh (as root on Debian). To test without: --allow-missing.');
    return 1;
  }
  const env = await startAll(DEFINITIONS.filter((definition) => !missing.includes(definition)));
  if (interrupted !== undefined) return 1;
  const without = missing.map(({ service }) => `--exclude=test/services/${service}*.test.ts`);
  const passedOn = args.filter((argument) => !OWN_ARGUMENTS.includes(argument));
  const code = await runTests([...without, ...passedOn], env);
  for (const { title, service } of missing) {
    say(`NOT TESTED: ${title} is not installed, so test/services/${service}*.test.ts did not run.`);
  }
  return code;
}

async function startAll(definitions: readonly ServiceDefinition[]): Promise<Record<string, string>> {
  const started = await Promise.allSettled(
    definitions.map(async ({ service, start }) => {
      if (start === undefined) return {};
      const { server, env } = await start(directory);
      servers.push(server);
      return { ...env, [`TOPSHELF_TEST_${service.toUpperCase()}_PID`]: String(server.pid) };
    }),
  );
  // Settled, not all: whatever has started by now is known, and is taken down when another one failed.
  const failed = started.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return Object.assign(
    {},
    ...started.map((result) => (result.status === 'fulfilled' ? result.value : {})),
  ) as Record<string, string>;
}

async function runTests(passedOn: readonly string[], env: Record<string, string>): Promise<number> {
  tests = spawn(process.execPath, [vitest, 'run', '--project', 'services', ...passedOn], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  return new Promise((resolve, reject) => {
    tests?.on('error', reject);
    tests?.on('exit', (code) => resolve(code ?? 1));
  });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
