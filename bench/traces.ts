/**
 * `node bench/traces.ts`: CPU time of a cached answer, without traces and with those of deploy/otel at several shares of
 * the requests. A demo each, in a process of its own; spans go to a collector that throws them away. Each share is measured
 * three times in turn, and the middle one told.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import autocannon from 'autocannon';
import { cpuSecondsOf } from '../load-tests/proc.ts';

const ROUNDS = 3;
const SECONDS = 4;
const SHARES = [undefined, '0.01', '0.1', '1'];

const root = resolve(import.meta.dirname, '..');
const collector = createServer((request, response) => request.resume().on('end', () => response.end('{}')));
await once(collector.listen(0, '127.0.0.1'), 'listening');
const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;

/** Microseconds of CPU time for a request. */
async function measure(share: string | undefined): Promise<number> {
  const cwd = await mkdtemp(join(tmpdir(), 'topshelf-traces-'));
  const register = share === undefined ? [] : ['--import', join(root, 'deploy/otel/register.ts')];
  const child = spawn(process.execPath, [...register, join(root, 'src/cli.ts'), 'demo'], {
    cwd,
    env: {
      ...{ PATH: process.env.PATH, PORT: '0', OPS_PORT: '0' },
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: share ?? '0' },
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let output = '';
    for await (const data of child.stdout) if ((output += String(data)).includes('Ctrl-C')) break;
    const url = `${/serving at ([^\s,]+)/.exec(output)?.[1]}/recommendations/12347`;
    await autocannon({ url, connections: 10, duration: 2 });
    const before = cpuSecondsOf(child.pid ?? 0);
    const { requests } = await autocannon({ url, connections: 10, duration: SECONDS });
    return ((cpuSecondsOf(child.pid ?? 0) - before) / requests.total) * 1e6;
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    await rm(cwd, { recursive: true });
  }
}

const found = new Map<string | undefined, number[]>(SHARES.map((share) => [share, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const share of SHARES) found.get(share)?.push(await measure(share));
}
for (const [share, values] of found) {
  const middle = values.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? NaN;
  const name = share === undefined ? 'no traces' : `traces, share ${share}`;
  process.stdout.write(`${name.padEnd(20)} ${middle.toFixed(0)} µs of CPU a request\n`);
}
collector.close();
