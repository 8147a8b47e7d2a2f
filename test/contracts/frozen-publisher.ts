import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openPublisherOf } from '../../src/cli/adapters.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { processEnvironment, readPublisherConfig } from '../../src/config/config.ts';
import { startEmulator } from '../../src/demo/emulator.ts';
import { activate } from '../../src/publishing/activate.ts';
import { readRecord, recordedEpochs } from '../../src/publishing/activation-records.ts';
import type { PublisherContext } from '../../src/publishing/context.ts';
import { load } from '../../src/publishing/load.ts';
import { publish } from '../../src/publishing/publish.ts';
import { status } from '../../src/publishing/status.ts';
import { bundledFile, type BundledDay } from '../support/real-data.ts';

const SCRIPT = fileURLToPath(new URL('../support/frozen-publisher.ts', import.meta.url));
const placement = 'home';
/** Three loads of a real day and two processes, on a machine that may be busy. */
const TIMEOUT_MS = 120_000;
const quiet = () => undefined;
const never = new AbortController().signal;

/** A publisher's environment with its pointers where `settings` say; tables are emulated, the archive is a folder. */
async function openPublisher(settings: Readonly<Record<string, string>>): Promise<PublisherContext> {
  const folder = await mkdtemp(join(tmpdir(), 'topshelf-frozen-'));
  const emulator = await startEmulator();
  const { endpoint, region = '', credentials } = emulator.connection;
  const environment = {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials?.accessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey ?? '',
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    TOPSHELF_POINTER: pathToFileURL(join(folder, 'pointers')).href,
    TOPSHELF_ARCHIVE: pathToFileURL(join(folder, 'archive')).href,
    TOPSHELF_TEMP_DIR: join(folder, 'temp'),
    ...settings,
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const context = await openPublisherOf(readPublisherConfig(processEnvironment()));
  onTestFinished(async () => {
    await context.close();
    await emulator.close();
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });
  return context;
}

/** Starts the activation of `version` in a process of its own; resolves when it is about to write the pointer. */
async function startFrozen(version: string) {
  const child = spawn(process.execPath, [SCRIPT, placement, version], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let said = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  await expect.poll(() => said, { timeout: 30_000 }).toContain('about to write');
  const pid = child.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  // The state of a stopped process, behind its name in parentheses.
  await expect.poll(async () => /\) (\w)/.exec(await readFile(`/proc/${pid}/stat`, 'utf8'))?.[1]).toBe('T');
  return {
    said: () => said,
    async resume() {
      child.stdin.write('go on\n');
      process.kill(pid, 'SIGCONT');
      const [code] = await ended;
      return code;
    },
  };
}

/** A publisher that is frozen between its check and its write. `settings` name the place of the pointers. */
export function describeFrozenPublisher(
  name: string,
  settings: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>,
): void {
  const loadDay = async (context: PublisherContext, day: BundledDay) =>
    (await load(context, { placement, paths: [bundledFile(day)] }, quiet, never)).version;

  async function prepare() {
    const context = await openPublisher(await settings());
    const request = { placement, paths: [bundledFile('2011-11-25')], reason: 'the day before' };
    const first = (await publish(context, request, quiet, never)).activated.version;
    const mine = await loadDay(context, '2011-12-07');
    return { context, first, mine };
  }

  describe.skipIf(process.platform !== 'linux')(
    `a publisher frozen before its write, pointers in ${name}`,
    () => {
      it(
        'overwrites nothing once another has activated, and says so with exit code 3',
        async () => {
          const { context, first, mine } = await prepare();
          const theirs = await loadDay(context, '2011-12-07');
          const frozen = await startFrozen(mine);
          await activate(context, { placement, version: theirs, reason: 'overtakes' }, never);

          expect(await frozen.resume()).toBe(EXIT.lostOrHeld);
          expect(frozen.said()).toContain('was changed by another writer; nothing was written');
          expect(frozen.said()).not.toContain('wrote epoch');
          expect(await status(context, { placement }, never)).toMatchObject([{ version: theirs, epoch: 2 }]);
          const epochs = await recordedEpochs(context.archive, placement, never);
          const versions = epochs.map(
            async (epoch) => (await readRecord(context.archive, placement, epoch, never)).version,
          );
          expect(await Promise.all(versions)).toEqual([theirs, first]);
        },
        TIMEOUT_MS,
      );

      it(
        'wins where nobody came between',
        async () => {
          const { context, mine } = await prepare();
          const frozen = await startFrozen(mine);
          expect(await frozen.resume()).toBe(EXIT.done);
          expect(frozen.said()).toContain('wrote epoch 2');
          expect(await status(context, { placement }, never)).toMatchObject([{ version: mine, epoch: 2 }]);
        },
        TIMEOUT_MS,
      );
    },
  );
}
