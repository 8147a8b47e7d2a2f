import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished } from 'vitest';
import { CLI } from './program.ts';

/** `topshelf console` in a process of its own, on a free port; it ends with the test. */
export async function spawnConsole(
  cwd: string,
  args: readonly string[],
  environment: Record<string, string> = {},
) {
  const child = spawn(process.execPath, [CLI, 'console', ...args], {
    cwd,
    env: { ...process.env, TOPSHELF_CONSOLE_PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const output = { out: '', err: '' };
  child.stdout.on('data', (data: Buffer) => (output.out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output.err += data.toString()));
  await expect.poll(() => output.out + output.err, { timeout: 30_000 }).toMatch(/the console is at \S+ /);
  const [, url = ''] = /the console is at (\S+) /.exec(output.out) ?? [];
  return {
    url,
    output,
    /** The token that was printed; undefined where one was given. */
    token: () => /token for actions and look-ups: (\S+)/.exec(output.out)?.[1],
    /** Ends it as Ctrl-C does, and resolves with the exit code. */
    async stop() {
      child.kill('SIGINT');
      const [code] = (await ended) as [number | null];
      return code;
    },
  };
}
