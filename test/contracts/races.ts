import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryArchive } from '../../src/archive/memory.ts';
import { decodePointer } from '../../src/pointer/codec.ts';
import type { PointerSource } from '../../src/pointer/pointer-source.ts';
import type { PointerWriter } from '../../src/pointer/pointer-writer.ts';
import { readRecord, recordedEpochs } from '../../src/publishing/activation-records.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { putLiveAtLast } from '../support/contender.ts';
import { list, storeVersion } from '../support/versions.ts';

/** Opens an adapter of its own on one and the same empty store, as another process would have. */
type Open = () => PointerSource & PointerWriter;

const LONGEST_HESITATION_MS = 30;

/** Concurrent activations, whatever keeps the pointers. */
export function describeRaces(name: string, start: () => Promise<Open> | Open): void {
  describe(`activations at the same moment, with pointers in ${name}`, () => {
    it.each([2, 50])(
      'of %i publishers, one wins each epoch, and nothing is lost',
      async (count) => {
        const open = await start();
        const tables = createMemoryStore();
        const archive = createMemoryArchive();
        const signal = AbortSignal.timeout(100_000);
        const targets = await Promise.all(
          Array.from({ length: count }, (_, number) =>
            storeVersion(tables, { number: number + 1, users: { anna: list('a') } }),
          ),
        );
        const publishers = targets.map((_, at) => ({
          ...{ pointers: hesitant(open()), tables, archive, now: Date.now },
          actor: `publisher ${at}`,
        }));
        onTestFinished(async () => {
          await Promise.all(publishers.map(({ pointers }) => pointers.close()));
        });
        const won = await Promise.all(
          publishers.map((publisher, at) => putLiveAtLast(publisher, targets[at]!, signal)),
        );

        const epochs = won.map(({ epoch }) => epoch);
        expect(epochs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, at) => at + 1));
        // They did run against each other.
        expect(won.reduce((sum, { lost }) => sum + lost, 0)).toBeGreaterThan(0);
        expect(await recordedEpochs(archive, 'home', signal)).toHaveLength(count);
        for (const [at, epoch] of epochs.entries()) {
          const { version, by } = await readRecord(archive, 'home', epoch, signal);
          expect({ version, by }).toEqual({ version: targets[at]?.seal.version, by: `publisher ${at}` });
        }
        const reading = await publishers[0]!.pointers.read('home', signal);
        const live = reading.kind === 'found' ? decodePointer(reading.content, 'home') : undefined;
        const last = targets[epochs.indexOf(count)]?.seal.version;
        expect(live).toMatchObject({ kind: 'pointer', pointer: { epoch: count, version: last } });
      },
      120_000,
    );
  });
}

/** Takes its time between reading and writing, so that writers do not march in step. */
function hesitant(pointers: PointerSource & PointerWriter): PointerSource & PointerWriter {
  return {
    ...pointers,
    async write(...args) {
      await delay(Math.random() * LONGEST_HESITATION_MS);
      return pointers.write(...args);
    },
  };
}
