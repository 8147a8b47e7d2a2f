import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DynamoDbConnection } from '../config/config.ts';
import { messageOf, UsageError } from '../domain/errors.ts';

/** How commands reach a running demo. */
export interface RunningDemo {
  readonly pid: number;
  readonly api: string;
  readonly ops: string;
  readonly dynamodb: DynamoDbConnection;
  /** Settings in place of those of the environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Where a demo keeps its files, below the folder it was started in. */
export interface DemoFolder {
  readonly root: string;
  readonly savedPointers: string;
  /** Settings that name the demo's pointers and archive. */
  readonly environment: { readonly TOPSHELF_POINTER: string; readonly TOPSHELF_ARCHIVE: string };
}

export function demoFolder(): DemoFolder {
  const root = resolve('.topshelf', 'demo');
  return {
    root,
    savedPointers: join(root, 'saved-pointers'),
    environment: {
      TOPSHELF_POINTER: pathToFileURL(join(root, 'pointers')).href,
      TOPSHELF_ARCHIVE: pathToFileURL(join(root, 'archive')).href,
    },
  };
}

const descriptionPath = () => join(demoFolder().root, 'demo.json');

/** Tells later commands how to reach this demo. */
export async function announceDemo(demo: RunningDemo): Promise<void> {
  const path = descriptionPath();
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(demo, null, 2));
}

/** The demo that runs below this folder. Throws UsageError where there is none. */
export async function findRunningDemo(): Promise<RunningDemo> {
  const demo = await readDescription();
  if (demo === undefined || !isAlive(demo.pid)) {
    throw new UsageError('no demo is running here; start one in another terminal, in this folder: npm start');
  }
  return demo;
}

/** Throws UsageError where a demo runs below this folder already. */
export async function refuseSecondDemo(): Promise<void> {
  const demo = await readDescription();
  if (demo !== undefined && isAlive(demo.pid)) {
    throw new UsageError(
      `a demo is running here already, as process ${demo.pid}, at ${demo.api}; stop it first`,
    );
  }
}

async function readDescription(): Promise<RunningDemo | undefined> {
  const path = descriptionPath();
  try {
    return JSON.parse(await readFile(path, 'utf8')) as RunningDemo;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new UsageError(`${path} cannot be read (${messageOf(error)}); delete it and start the demo again`);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
