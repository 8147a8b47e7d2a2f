import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordFigure } from '../support/figures.ts';
import { scrapeOf, total } from '../support/scrape.ts';
import { openFaultShop, type FaultShop } from './fault-shop.ts';
import { watchServer, type WatchedServer } from './watched-server.ts';

const SOON = { timeout: 30_000, interval: 100 };
const run = promisify(execFile);

let shop: FaultShop;
beforeAll(async () => {
  shop = await openFaultShop();
});
afterAll(() => shop.close());

const liveOn = ({ load }: WatchedServer) => load.answers.at(-1)?.version;
const otherThan = (version: string | undefined) => shop.versions.find((each) => each !== version) ?? '';

interface FullDisk {
  /** A folder in which nothing can be written. */
  readonly folder: string;
  readonly kind: string;
  /** There is room from now on. */
  empty(): Promise<void>;
  remove(): Promise<void>;
}

/**
 * A file system of 64 KB that is full. Where mounting one is not allowed (it takes root, and more than many containers
 * give), a file stands where the folder should be: that refuses every write, too.
 */
async function fillDisk(): Promise<FullDisk> {
  const parent = await mkdtemp(join(tmpdir(), 'topshelf-disk-'));
  const folder = join(parent, 'disk');
  await mkdir(folder);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
  } catch {
    await rm(folder, { recursive: true });
    await writeFile(folder, '');
    return {
      folder,
      kind: 'a folder that refuses writes (mounting is not allowed here)',
      empty: () => rm(folder),
      remove: () => rm(parent, { recursive: true, force: true }),
    };
  }
  const filling = join(folder, 'filling');
  await writeFile(filling, Buffer.alloc(64 * 1024)).catch(() => undefined);
  return {
    folder,
    kind: 'a file system of 64 KB that is full',
    empty: () => rm(filling),
    async remove() {
      await run('umount', [folder]);
      await rm(parent, { recursive: true });
    },
  };
}

describe('on a machine', () => {
  it(
    'whose disk is full, the pointer goes unsaved, which is counted, until there is room; callers notice nothing',
    { timeout: 120_000 },
    async () => {
      const disk = await fillDisk();
      const server = await watchServer(shop, { TOPSHELF_SAVED_POINTERS: disk.folder }, { seed: 500 });
      try {
        await server.recovers();
        const errors = async () => total(await scrapeOf(server), 'topshelf_saved_pointer_errors_total');
        await expect.poll(errors).toBeGreaterThan(0);
        const next = otherThan(liveOn(server));
        const { epoch } = await shop.activate(next);
        await expect.poll(() => liveOn(server), SOON).toBe(next);

        await disk.empty();
        const saved = async () => {
          const text = await readFile(join(disk.folder, 'home.json'), 'utf8').catch(() => '{}');
          return (JSON.parse(text) as { epoch?: number }).epoch;
        };
        await expect.poll(saved, SOON).toBe(epoch);
        const { tried, result } = await server.check();
        recordFigure(11, { test: `the pointer is saved on ${disk.kind}`, tried, result });
      } finally {
        await server.end();
        await disk.remove();
      }
    },
  );

  it.each([
    ['is three hours behind', '-10800'],
    ['is three hours ahead', '10800'],
    ['is set by hours, back and forth, under load', '0,7200,-18000,0'],
  ])(
    'whose clock %s, pointers in S3 are followed and answers are right',
    { timeout: 120_000 },
    async (how, steps) => {
      const preload = join(import.meta.dirname, 'stepping-clock.ts');
      const server = await watchServer(
        shop,
        { NODE_OPTIONS: `--import=${preload}`, TOPSHELF_TEST_CLOCK_STEPS: steps },
        { seed: 510 },
      );
      try {
        await server.recovers();
        for (const _ of steps.split(',')) {
          const next = otherThan(liveOn(server));
          await shop.activate(next);
          await expect.poll(() => liveOn(server), SOON).toBe(next);
          process.kill(server.pid, 'SIGCONT');
        }
        const { tried, result } = await server.check();
        recordFigure(11, { test: `the machine’s clock ${how}`, tried, result });
      } finally {
        await server.end();
      }
    },
  );
});
