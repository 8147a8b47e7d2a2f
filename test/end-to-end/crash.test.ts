import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type Emulator } from '../../src/demo/emulator.ts';
import type { Pointer } from '../../src/domain/pointer.ts';
import { decodePointer } from '../../src/pointer/codec.ts';
import { createContentHash } from '../../src/publishing/content-hash.ts';
import type { PublisherContext } from '../../src/publishing/context.ts';
import { publish } from '../../src/publishing/publish.ts';
import { batch, createFolder, createPublisher, never } from '../publishing/fixtures.ts';
import { MOMENTS, openContext, STEPS, WRITING, type CrashPlan } from '../support/crashing-publish.ts';

/** How often each step is tried: twice as a rule; `TOPSHELF_TEST_CRASH_TRIES=20` for the whole proof. */
const TRIES = Number(process.env.TOPSHELF_TEST_CRASH_TRIES ?? 2);
const USERS = 200;
const program = join(import.meta.dirname, '../support/crashing-publish.ts');

let folder: Awaited<ReturnType<typeof createFolder>>;
let emulator: Emulator;
let context: PublisherContext;
let yesterday: string;
let today: string;
let cleanHash: string;

beforeAll(async () => {
  folder = await createFolder();
  emulator = await startEmulator();
  [yesterday, today] = [await folder.file(batch(USERS, 1)), await folder.file(batch(USERS, 2))];
  context = await openContext({ root: folder.path, dynamodb: emulator.connection });
  const request = { placement: 'home', paths: [today], reason: 'clean' };
  cleanHash = (await publish(createPublisher(), request, () => undefined, never)).loaded.seal.contentHash;
});
afterAll(async () => {
  await context.close();
  await emulator.close();
  await folder.remove();
});

async function liveOf(placement: string): Promise<Pointer> {
  const reading = await context.pointers.read(placement, never);
  const content = reading.kind === 'found' ? decodePointer(reading.content, placement) : undefined;
  if (content?.kind !== 'pointer') throw new Error(`${placement} has no pointer`);
  return content.pointer;
}

/** The hash of what the table holds, read user by user; the batch's users are known. */
async function hashOf(table: string): Promise<string> {
  const ids = Array.from({ length: USERS }, (_, at) => `user-${at}`).sort();
  const hash = createContentHash();
  for (let at = 0; at < USERS; at += 100) {
    const part = ids.slice(at, at + 100);
    const stored = await context.tables.readBack(table, part, never);
    for (const userId of part) hash.add({ userId, items: stored.get(userId) ?? 'missing' });
  }
  return hash.digest();
}

/** What is live is sealed, and holds what seal and pointer say: true at every moment, whoever has been killed. */
async function assertLiveIsWhole(placement: string): Promise<Pointer> {
  const live = await liveOf(placement);
  const seal = await context.tables.readSeal(live.table, never);
  expect(seal).toMatchObject({ version: live.version, users: USERS, contentHash: live.contentHash });
  expect(await hashOf(live.table)).toBe(live.contentHash);
  return live;
}

async function kill(plan: CrashPlan): Promise<void> {
  const child = spawn(process.execPath, [program, JSON.stringify(plan)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  // A process that ends by itself has never come to the step: then this would be a test of nothing.
  expect({ code, signal, said }).toEqual({ code: null, signal: 'SIGKILL', said: '' });
}

describe.concurrent('a publish that is killed', () => {
  const tries = STEPS.flatMap((step, at) =>
    Array.from({ length: TRIES }, (_, attempt) => ({
      step,
      moment: MOMENTS[(at + attempt) % MOMENTS.length] ?? 'after',
      occurrence: step === 'batch written' ? 1 + ((attempt * 3 + 4) % 8) : 1,
      placement: `p${at}_${attempt}`,
    })),
  );

  it.for(tries)(
    '$moment: $step ($placement) leaves nothing half live, and the same run ends it',
    { timeout: 300_000 },
    async ({ step, moment, occurrence, placement }, { expect }) => {
      const base = { placement, paths: [yesterday], reason: 'yesterday' };
      const before = (await publish(context, base, () => undefined, never)).activated;
      // As if its writer had been killed too: the next writer makes up for the missing record.
      await rm(join(folder.path, 'archive', placement, 'activations', '1.json'));

      const runId = 'today';
      const plan = { root: folder.path, dynamodb: emulator.connection, placement, paths: [today], runId };
      await kill({ ...plan, step, moment, occurrence });
      const between = await assertLiveIsWhole(placement);
      expect(between.epoch).toBe(between.version === before.version ? 1 : 2);

      const request = { placement, paths: [today], runId, reason: 'daily batch', writing: WRITING };
      const { loaded, activated } = await publish(context, request, () => undefined, never);
      expect(loaded.seal.contentHash).toBe(cleanHash);
      expect(await hashOf(loaded.table)).toBe(cleanHash);
      expect(await assertLiveIsWhole(placement)).toMatchObject({ version: activated.version, epoch: 2 });
      expect(await context.tables.list(`topshelf-${placement}-`, never)).toHaveLength(2);
    },
  );
});
