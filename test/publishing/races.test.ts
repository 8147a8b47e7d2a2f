import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LostRaceError, NotFoundError } from '../../src/domain/errors.ts';
import { decodePointer } from '../../src/pointer/codec.ts';
import { createFilePointers } from '../../src/pointer/file.ts';
import { createMemoryPointers } from '../../src/pointer/memory.ts';
import { prune } from '../../src/publishing/prune.ts';
import { rollback } from '../../src/publishing/rollback.ts';
import { describeDelayedPublishers } from '../contracts/delayed-publishers.ts';
import { describePropagation } from '../contracts/propagation.ts';
import { describeRaces } from '../contracts/races.ts';
import { putLive } from '../support/contender.ts';
import { list, storeVersion } from '../support/versions.ts';
import { createPublisher, never, type TestPublisher } from './fixtures.ts';

function inMemory() {
  const pointers = createMemoryPointers();
  return () => pointers.open();
}
async function inFiles() {
  const root = await mkdtemp(join(tmpdir(), 'topshelf-races-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return () => createFilePointers({ root, deadlineMs: 60_000 });
}
for (const [name, start] of [
  ['memory', inMemory],
  ['files', inFiles],
] as const) {
  describeRaces(name, start);
  describeDelayedPublishers(name, start);
  describePropagation(name, start);
}

const placement = 'home';
const RACES = 1_000;
/** A rollback begins up to so many steps late: pruning has more of them. */
const MOST_TURNS = 30;

/** Five versions, each live for a while, all old enough to be pruned. */
async function publisherWithHistory(): Promise<TestPublisher> {
  const publisher = { ...createPublisher(), tablePrefix: 'test' };
  for (const number of [1, 2, 3, 4, 5]) {
    const target = await storeVersion(publisher.tables, { number, users: { anna: list('a') } });
    await putLive(publisher, target, never);
  }
  publisher.advance(365 * 86_400_000);
  return publisher;
}

/** The same publisher, every call of whose adapters waits for its turn with the scheduler. */
function scheduled(publisher: TestPublisher, scheduler: fc.Scheduler): TestPublisher {
  const inTurn = <T extends object>(adapter: T): T =>
    new Proxy(adapter, {
      get(target, name, receiver) {
        const member: unknown = Reflect.get(target, name, receiver);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          await scheduler.schedule(Promise.resolve(), String(name));
          return (member as (...given: unknown[]) => unknown).apply(target, args);
        };
      },
    });
  const { pointers, tables, archive } = publisher;
  return { ...publisher, pointers: inTurn(pointers), tables: inTurn(tables), archive: inTurn(archive) };
}

describe('pruning and rollbacks at the same moment', () => {
  it(
    `leave what a rollback went to where it is, in ${RACES} orders of their steps`,
    { timeout: 240_000 },
    async () => {
      const seen = { prunedFirst: 0, rolledBackFirst: 0, twice: 0 };
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.nat(MOST_TURNS),
          fc.nat(MOST_TURNS),
          async (scheduler, first, second) => {
            const publisher = await publisherWithHistory();
            const racing = scheduled(publisher, scheduler);
            const rules = { placement, keepVersions: 2, minAgeMs: 0, graceMs: 0, isConfirmed: true };
            const goBack = async (turns: number) => {
              for (let turn = 0; turn < turns; turn++) await scheduler.schedule(Promise.resolve(), 'not yet');
              return rollback(racing, { placement, reason: 'bad answers' }, never);
            };
            const [pruned, ...rollbacks] = await scheduler.waitFor(
              Promise.allSettled([prune(racing, rules, never), goBack(first), goBack(first + second)]),
            );

            const reading = await publisher.pointers.read(placement, never);
            if (reading.kind !== 'found') throw new Error('the pointer is gone');
            const content = decodePointer(reading.content, placement);
            if (content.kind !== 'pointer') throw new Error('a bare name');
            const { table, version, retired } = content.pointer;
            expect(await publisher.tables.readSeal(table, never)).toMatchObject({ version });
            expect(retired).not.toContain(version);
            for (const outcome of [pruned, ...rollbacks]) {
              if (outcome.status === 'fulfilled') continue;
              const reason: unknown = outcome.reason;
              expect(reason instanceof LostRaceError || reason instanceof NotFoundError, String(reason)).toBe(
                true,
              );
            }
            const wentBack = rollbacks.filter(({ status }) => status === 'fulfilled').length;
            if (wentBack === 2) seen.twice += 1;
            if (pruned.status === 'rejected') seen.rolledBackFirst += 1;
            else seen.prunedFirst += 1;
          },
        ),
        { numRuns: RACES },
      );
      // Every outcome came up: the steps did run against each other.
      expect(seen.prunedFirst).toBeGreaterThan(RACES / 20);
      expect(seen.rolledBackFirst).toBeGreaterThan(RACES / 20);
      expect(seen.twice).toBeGreaterThan(0);
    },
  );
});
