import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { atExit } from './at-exit.ts';

/** A process that listens. Every program under load tells its addresses in a line of JSON with `api` in it. */
export interface Child {
  readonly pid: number;
  readonly api: string;
  /** The ops listener, where there is one. */
  readonly ops: string;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 20_000;

/** Starts a script of this project pinned to a core; resolves when it listens. */
export async function startChild(
  core: number,
  script: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Child> {
  const child = spawn('taskset', ['-c', String(core), process.execPath, ...script], {
    // Nothing of the caller's environment but what programs need to run: AWS settings would lead off the machine.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const forget = atExit(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(forget);
  const { api, ops = '' } = await addressesOf(child, script);
  return {
    pid: child.pid ?? 0,
    api,
    ops,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function addressesOf(
  child: ChildProcess,
  script: readonly string[],
): Promise<{ api: string; ops?: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ api: string; ops?: string }>();
  const fail = (what: string) => reject(new Error(`${script.join(' ')} ${what} before it listened`));
  const timer = setTimeout(() => fail('took too long'), START_TIMEOUT_MS);
  child.once('error', reject);
  child.once('exit', (code) => fail(`ended with ${code}`));
  // Read to the end: a full pipe would hold the program up.
  createInterface({ input: child.stdout! }).on('line', (line) => {
    if (line.includes('"api":')) resolve(JSON.parse(line) as { api: string; ops?: string });
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
