import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished } from 'vitest';

export const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

type Environment = Readonly<Record<string, string>>;

export interface ServerProcess {
  readonly pid: number;
  readonly api: string;
  readonly ops: string;
  /** The exit code; null where a signal ended it. */
  readonly ended: Promise<number | null>;
  terminate(): void;
  /** Ends it at once (SIGKILL), as a crash of its machine would. */
  kill(): void;
}

/** `topshelf serve` in a process of its own, listening; it ends with the test. */
export async function spawnServer(environment: Environment): Promise<ServerProcess> {
  const server = startServerProcess(environment);
  onTestFinished(async () => (await server).kill());
  return server;
}

/** As `spawnServer`, for whoever ends it. */
export async function startServerProcess(environment: Environment): Promise<ServerProcess> {
  const child = spawn(process.execPath, [CLI, 'serve'], {
    env: { ...process.env, TOPSHELF_LOG_LEVEL: 'info', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const { promise, resolve, reject } = Promise.withResolvers<{ api: string; ops: string }>();
  let log = '';
  child.stdout.on('data', (data: Buffer) => {
    log += data.toString();
    const line = log.split('\n').find((each) => each.includes('"api"') && each.endsWith('}'));
    if (line !== undefined) resolve(JSON.parse(line) as { api: string; ops: string });
  });
  void ended.then((code) => reject(new Error(`the server ended with ${code} before it listened:\n${log}`)));
  const { api, ops } = await promise;
  return {
    pid: child.pid ?? 0,
    api,
    ops,
    ended,
    terminate: () => void child.kill('SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Resolves when the server says that it is ready. */
export async function becomesReady({ ops }: Pick<ServerProcess, 'ops'>): Promise<void> {
  await expect.poll(async () => (await fetch(`${ops}/readyz`)).status, { timeout: 10_000 }).toBe(200);
}

/**
 * A command in a process of its own, with `--json`; resolves with what it printed, and rejects with its exit code as
 * `code`.
 */
export async function topshelf(
  where: { readonly cwd?: string; readonly environment?: Environment },
  ...args: readonly string[]
): Promise<Record<string, unknown>> {
  const env = { ...process.env, ...where.environment };
  const options = where.cwd === undefined ? { env } : { env, cwd: where.cwd };
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args, '--json'], options);
  return JSON.parse(stdout) as Record<string, unknown>;
}
