import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { CLI } from '../support/program.ts';
import { ROOT } from './dockerfile.ts';

const REGISTER = join(ROOT, 'deploy/otel/register.ts');
const CANARY = 'canary-7f3a';
// Of a caller who traces its own request.
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const traced = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
const untraced = { traceparent: `00-${TRACE}-00f067aa0ba902b7-00` };

/** The demo with traces, which go to its output at once. */
async function startTraced() {
  const cwd = await mkdtemp(join(tmpdir(), 'topshelf-otel-'));
  const env = {
    ...process.env,
    ...{ PORT: '0', OPS_PORT: '0' },
    ...{ OTEL_TRACES_EXPORTER: 'console', OTEL_TRACES_SAMPLER_ARG: '1', OTEL_BSP_SCHEDULE_DELAY: '50' },
    ...{ TOPSHELF_REQUEST_DEADLINE_MS: '5000', TOPSHELF_READ_TIMEOUT_MS: '4000' },
  };
  const child = spawn(process.execPath, ['--import', REGISTER, CLI, 'demo'], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(cwd, { recursive: true });
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  await expect.poll(() => output, { timeout: 60_000 }).toContain('Try, in another terminal');
  const [, api = '', ops = ''] = /serving at (\S+), metrics and status at (\S+)/.exec(output) ?? [];
  return {
    api,
    ops,
    output: () => output,
    names: () => [...output.matchAll(/^ {2}name: '(.*)'/gm)].map(([, name]) => name),
  };
}

it('traces have a span for each request of the API, in the caller’s trace, without the user’s id', async () => {
  const { api, ops, output, names } = await startTraced();
  await fetch(`${api}/recommendations/${CANARY}?exclude=${CANARY}`, { headers: traced });
  await fetch(`${api}/recommendations/${CANARY}?limit=0`);
  await fetch(`${api}/recommendations/${CANARY}`, { headers: untraced });
  await fetch(`${ops}/readyz`);
  const body = JSON.stringify({ userIds: [CANARY] });
  const headers = { 'content-type': 'application/json' };
  await fetch(`${api}/recommendations`, { method: 'POST', body, headers });

  const get = 'GET /recommendations/{userId}';
  await expect.poll(names, { timeout: 10_000 }).toEqual([get, get, 'POST /recommendations']);
  expect(output().match(new RegExp(`^ {2}traceId: '${TRACE}'`, 'gm'))).toHaveLength(1);
  expect(
    output()
      .match(/'http\.(?:response\.)?status_code': \d+/g)
      ?.map((text) => text.slice(-3)),
  ).toEqual(['200', '400', '200']);
  expect(output()).toContain(`'service.name': 'topshelf'`);
  expect(output()).not.toContain(CANARY);
});
