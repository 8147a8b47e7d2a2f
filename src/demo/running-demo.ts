import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
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

/**
 * Takes this folder for the demo of this process, until the function it resolves with is called. Throws UsageError
 * where another demo has it; one that was killed has it no more.
 */
export async function occupyFolder(): Promise<() => Promise<void>> {
  const { root } = demoFolder();
  const lock = `${root}.pid`;
  await mkdir(dirname(lock), { recursive: true });
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    const pid = Number(await readFile(lock, 'utf8'));
    if (isAlive(pid)) {
      throw new UsageError(
        `a demo is running here already, as process ${pid}; stop it first (if that is no demo, delete ${lock})`,
      );
    }
    await rm(lock, { force: true });
    return occupyFolder();
  }
  await rm(root, { recursive: true, force: true });
  return () => rm(lock, { force: true });
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
