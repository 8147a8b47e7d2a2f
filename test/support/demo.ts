import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { CLI, topshelf } from './program.ts';

/** A demo in a process and a folder of its own, on free ports, serving; it ends with the test. */
export async function startDemo(
  environment: Readonly<Record<string, string>> = {},
  nodeOptions: readonly string[] = [],
) {
  const folder = await mkdtemp(join(tmpdir(), 'topshelf-demo-'));
  const env = {
    ...process.env,
    PORT: '0',
    OPS_PORT: '0',
    // What is tested is what is answered; a machine that is busy with other tests must not decide that.
    TOPSHELF_REQUEST_DEADLINE_MS: '5000',
    TOPSHELF_READ_TIMEOUT_MS: '4000',
    ...environment,
  };
  const child = spawn(process.execPath, [...nodeOptions, CLI, 'demo'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true });
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  await expect.poll(() => output, { timeout: 60_000 }).toContain('Try, in another terminal');
  const [, api = '', ops = ''] = /serving at (\S+), metrics and status at (\S+)/.exec(output) ?? [];
  return {
    folder,
    server: { api, ops },
    /** What it has written so far. */
    output: () => output,
    /** A file that lies in its folder. */
    file: (name: string) => join(folder, name),
    stop: async () => {
      child.kill('SIGTERM');
      const [code] = (await ended) as [number | null];
      return code;
    },
    /** A command on this demo, as typed in its folder. */
    topshelf: (...args: string[]) => topshelf({ cwd: folder }, ...args, '--demo'),
  };
}
