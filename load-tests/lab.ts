import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createFilePointers } from '../src/pointer/file.ts';
import { atExit } from './at-exit.ts';
import { startChild, type Child } from './child.ts';
import { SERVER_CORE } from './proc.ts';
import { startStub, type Stub } from './stub/stub.ts';
import { createSwitch, sealedTable, VERSIONS } from './versions.ts';

/** The programs that topshelf is measured beside; each is a file in `peers/`. */
export type Peer =
  'bare-http' | 'bare-fastify' | 'document-client' | 'document-client-lru' | 'signed-get-item';

export interface LabOptions {
  /** Length of one measured run. */
  readonly seconds: number;
  /** Runs of each arm. */
  readonly rounds: number;
  /** Only what is needed for the ratios of CPU. */
  readonly quick: boolean;
}

/** What one scenario works with: a stub of its own, and servers that end with it. */
export interface Lab extends LabOptions {
  readonly stub: Stub;
  /** `topshelf serve` with these settings beside those that point it at the stub; resolves when it is ready. */
  startTopshelf(settings?: Readonly<Record<string, string>>): Promise<Child>;
  /** The same, resolving as soon as it listens: the time of the start is the caller's matter. */
  spawnTopshelf(settings?: Readonly<Record<string, string>>): Promise<Child>;
  startPeer(peer: Peer): Promise<Child>;
  /** Makes a version live; resolves with its epoch. */
  point(version: string): Promise<number>;
}

const CLI = join(import.meta.dirname, '../src/cli.ts');
const READY_TIMEOUT_MS = 20_000;
const READY_POLL_MS = 20;

/** Runs `work` in a lab of its own and takes it down afterwards. */
export async function withLab<T>(options: LabOptions, work: (lab: Lab) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'topshelf-load-test-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  const forget = atExit(removeFolder);
  const pointers = createFilePointers({ root: join(folder, 'pointers') });
  const stub = await startStub();
  const children: Child[] = [];
  const point = createSwitch(pointers);
  await point(VERSIONS[0]);
  const aws = {
    AWS_ENDPOINT_URL_DYNAMODB: stub.endpoint,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'load',
    AWS_SECRET_ACCESS_KEY: 'load',
  };

  async function start(
    script: readonly string[],
    settings: Readonly<Record<string, string>>,
  ): Promise<Child> {
    const child = await startChild(SERVER_CORE, script, { ...aws, ...settings });
    children.push(child);
    return child;
  }
  const spawnTopshelf = (settings = {}) =>
    start([CLI, 'serve'], {
      TOPSHELF_POINTER: pathToFileURL(join(folder, 'pointers')).href,
      TOPSHELF_SAVED_POINTERS: join(folder, `saved-${children.length}`),
      TOPSHELF_HOST: '127.0.0.1',
      PORT: '0',
      OPS_PORT: '0',
      ...settings,
    });

  try {
    return await work({
      ...options,
      stub,
      spawnTopshelf,
      async startTopshelf(settings) {
        const child = await spawnTopshelf(settings);
        await until(async () => (await fetch(`${child.ops}/readyz`)).ok, 'topshelf is ready');
        return child;
      },
      startPeer: (peer) =>
        start([join(import.meta.dirname, 'peers', `${peer}.ts`)], {
          TABLE: sealedTable(VERSIONS[0]).table,
        }),
      point,
    });
  } finally {
    await Promise.all([...children, stub].map((child) => child.stop()));
    await pointers.close();
    removeFolder();
    forget();
  }
}

/** Resolves when `holds` does; looks again every few milliseconds, and gives up in the end. */
export async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = performance.now() + READY_TIMEOUT_MS;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`waited ${READY_TIMEOUT_MS} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
}
