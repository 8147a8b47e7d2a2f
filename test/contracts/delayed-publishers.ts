import { describe, expect, it } from 'vitest';
import { createMemoryArchive } from '../../src/archive/memory.ts';
import { LostRaceError } from '../../src/domain/errors.ts';
import { decodePointer } from '../../src/pointer/codec.ts';
import type { PointerSource } from '../../src/pointer/pointer-source.ts';
import type { PointerWriter } from '../../src/pointer/pointer-writer.ts';
import { block } from '../../src/publishing/block.ts';
import { rollback } from '../../src/publishing/rollback.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { putLive } from '../support/contender.ts';
import { recordFigure } from '../support/figures.ts';
import { list, storeVersion } from '../support/versions.ts';

type Pointers = PointerSource & PointerWriter;

/** As a rule as many as take a second or two; `TOPSHELF_TEST_DELAYED=1000` for the whole proof. */
const DELAYED = Number(process.env.TOPSHELF_TEST_DELAYED ?? 100);
const VERSIONS = 7;
const placement = 'home';
const TITLE = 'overwrite nothing that was written meanwhile, whatever they were about to do';

/**
 * Publishers that stand still at the await before their write, as one that is paused, starved or behind a slow network,
 * while others go on. `open` gives an adapter on one and the same empty store.
 */
export function describeDelayedPublishers(
  name: string,
  start: () => Promise<() => Pointers> | (() => Pointers),
): void {
  describe(`publishers that are delayed before their write, pointers in ${name}`, () => {
    it(TITLE, { timeout: 600_000 }, async () => {
      const open = await start();
      const { tables, archive } = { tables: createMemoryStore(), archive: createMemoryArchive() };
      const signal = AbortSignal.timeout(590_000);
      const targets = await Promise.all(
        Array.from({ length: VERSIONS }, (_, at) =>
          storeVersion(tables, { number: at + 1, users: { anna: list('a', 'b') } }),
        ),
      );
      const parts = { tables, archive, tablePrefix: 'test', now: Date.now } as const;
      const base = { memoryLimitBytes: 0, tempDir: '', close: async () => undefined };
      const prompt = { ...parts, ...base, pointers: open(), actor: 'prompt' };
      const late = { ...parts, ...base, pointers: open(), actor: 'late' };
      const live = async () => {
        const reading = await prompt.pointers.read(placement, signal);
        const content = reading.kind === 'found' ? decodePointer(reading.content, placement) : undefined;
        if (content?.kind !== 'pointer') throw new Error('there is no pointer');
        return content.pointer;
      };
      let next = 0;
      const activateNext = (context: typeof prompt) =>
        putLive(context, targets[(next += 1) % VERSIONS]!, signal);
      for (let at = 0; at < 3; at += 1) await activateNext(prompt);

      const intents = [
        activateNext,
        (context: typeof prompt) => rollback(context, { placement, reason: 'late' }, signal),
        (context: typeof prompt) =>
          block(context, { placement, productIds: ['late'], reason: 'late' }, signal),
      ];
      let overwrites = 0;
      for (let turn = 0; turn < DELAYED; turn += 1) {
        const reached = Promise.withResolvers<undefined>();
        const goOn = Promise.withResolvers<undefined>();
        const frozen: typeof prompt = {
          ...late,
          pointers: {
            ...late.pointers,
            async write(...args) {
              reached.resolve(undefined);
              await goOn.promise;
              return late.pointers.write(...args);
            },
          },
        };
        const delayed = intents[turn % intents.length]!(frozen).then(
          () => undefined,
          (error: unknown) => error,
        );
        await Promise.race([reached.promise, delayed]);
        await activateNext(prompt);
        const before = await live();
        goOn.resolve(undefined);
        expect(await delayed).toBeInstanceOf(LostRaceError);
        const after = await live();
        if (after.writeId !== before.writeId) overwrites += 1;
      }
      expect(overwrites).toBe(0);
      recordFigure(4, { test: TITLE, tried: DELAYED, result: `0 overwrites, pointers in ${name}` });
      await Promise.all([prompt.pointers.close(), late.pointers.close()]);
    });
  });
}
