import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { UnreachableError } from '../domain/errors.ts';
import type { Environment } from '../config/settings.ts';

/** `topshelf serve` in a process of its own. */
export interface SpawnedServer {
  readonly api: string;
  readonly ops: string;
  /** Ends it at once. */
  stop(): Promise<void>;
}

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url));
const START_MS = 30_000;
const LOOK_MS = 50;
/** Lines of its log that are shown where it does not start. */
const LINES_SHOWN = 5;

/**
 * Starts a server with this environment and nothing else of ours; resolves when it is ready. Rejects with
 * UnreachableError, with the end of its log, where it ends or is not ready in time; it is gone then.
 */
export async function spawnServer(environment: Environment): Promise<SpawnedServer> {
  const child = spawn(process.execPath, [CLI, 'serve'], {
    env: { ...environment, TOPSHELF_LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A drill that ends, for whatever reason, leaves no server behind.
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'exit').finally(() => process.removeListener('exit', kill));
  const stop = async () => {
    kill();
    await ended;
  };
  const log: string[] = [];
  try {
    const { api, ops } = await untilReady(child, log);
    return { api, ops, stop };
  } catch (error) {
    await stop();
    const lines = log.slice(-LINES_SHOWN).join('\n');
    throw new UnreachableError(`${(error as Error).message}; its log ends with:\n${lines}`, { cause: error });
  }
}

async function untilReady(child: ChildProcess, log: string[]): Promise<{ api: string; ops: string }> {
  const listening = Promise.withResolvers<{ api: string; ops: string }>();
  // Read to the end in any case: a full pipe would hold the server up.
  for (const input of [child.stdout, child.stderr]) {
    if (input === null) continue;
    createInterface({ input }).on('line', (line) => {
      log.push(line);
      if (log.length > 10 * LINES_SHOWN) log.shift();
      if (line.includes('"api":')) listening.resolve(JSON.parse(line) as { api: string; ops: string });
    });
  }
  child.once('error', listening.reject);
  const end = Promise.withResolvers<never>();
  child.once('exit', (code) => end.reject(new Error(`the server ended with exit code ${code}`)));
  const late = setTimeout(
    () => end.reject(new Error(`the server was not ready within ${START_MS / 1000} s`)),
    START_MS,
  );
  try {
    const addresses = await Promise.race([listening.promise, end.promise]);
    while (!(await Promise.race([isReady(addresses), end.promise]))) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return addresses;
  } finally {
    clearTimeout(late);
    end.promise.catch(() => undefined);
  }
}

async function isReady({ ops }: { ops: string }): Promise<boolean> {
  return (await fetch(`${ops}/readyz`)).ok;
}
