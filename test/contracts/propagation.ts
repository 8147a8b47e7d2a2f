import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createMemoryArchive } from '../../src/archive/memory.ts';
import type { PointerSource } from '../../src/pointer/pointer-source.ts';
import type { PointerWriter } from '../../src/pointer/pointer-writer.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { putLive } from '../support/contender.ts';
import { recordFigure } from '../support/figures.ts';
import { openServing } from '../support/serving.ts';
import { list, storeVersion } from '../support/versions.ts';

const SERVERS = 20;
/** As a rule two; `TOPSHELF_TEST_ADOPTIONS=20` for the whole proof. */
const ACTIVATIONS = Number(process.env.TOPSHELF_TEST_ADOPTIONS ?? 2);
/** As the server's default. */
const POLL_MS = 2_000;
const TITLE = 'is adopted by every one of twenty servers';

/** How long an activation takes to be everywhere, whatever keeps the pointers. `open` gives an adapter of its own. */
export function describePropagation(
  name: string,
  start: () => Promise<() => PointerSource & PointerWriter> | (() => PointerSource & PointerWriter),
): void {
  describe(`an activation, with pointers in ${name}`, () => {
    it(TITLE, { timeout: 120_000 }, async () => {
      const open = await start();
      const signal = AbortSignal.timeout(110_000);
      const store = createMemoryStore();
      const publisher = { pointers: open(), tables: store, archive: createMemoryArchive() };
      const context = { ...publisher, actor: 'test', now: Date.now };
      const activate = async (number: number) =>
        putLive(context, await storeVersion(store, { number, users: { anna: list('a') } }), signal);
      await activate(1);

      const adoptedAt = new Map<number, number[]>();
      const sources: PointerSource[] = [];
      for (let server = 0; server < SERVERS; server += 1) {
        const source = open();
        sources.push(source);
        const adopted = ({ epoch }: { epoch: number }) => {
          adoptedAt.set(epoch, [...(adoptedAt.get(epoch) ?? []), performance.now()]);
        };
        const fixture = openServing({
          store,
          source,
          config: { pointerPollMs: POLL_MS },
          observer: { adopted },
        });
        await fixture.serving.placements.start();
      }
      const seconds: number[] = [];
      for (let at = 0; at < ACTIVATIONS; at += 1) {
        // Not in step with the polls.
        await delay(Math.random() * POLL_MS);
        const begun = performance.now();
        const { epoch } = await activate(at + 2);
        await expect
          .poll(() => adoptedAt.get(epoch), { timeout: 30_000, interval: 20 })
          .toHaveLength(SERVERS);
        seconds.push(...(adoptedAt.get(epoch) ?? []).map((when) => (when - begun) / 1000));
      }
      const sorted = seconds.sort((a, b) => a - b);
      const at = (share: number) => (sorted[Math.ceil(sorted.length * share) - 1] ?? 0).toFixed(2);
      const result = `p50 ${at(0.5)} s, p99 ${at(0.99)} s, at most ${at(1)} s, ${SERVERS} servers, pointers in ${name}`;
      recordFigure(6, { test: TITLE, tried: seconds.length, result });
      await Promise.all([publisher.pointers, ...sources].map((each) => each.close()));
    });
  });
}
