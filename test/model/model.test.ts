import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordFigure } from '../support/figures.ts';
import { STEPS } from './commands.ts';
import { Installation } from './installation.ts';
import type { Fate } from './world.ts';

/** As a rule as many as take seconds; `TOPSHELF_TEST_MODEL=50000` for the whole proof. */
const SCHEDULES = Number(process.env.TOPSHELF_TEST_MODEL ?? 1_000);
const TIMEOUT_MS = 3_600_000;
const TITLE =
  'keeps every rule whatever is lost, late, stale or killed, and comes to rest on the last pointer';

const fates = fc.array(
  fc.constantFrom<Fate>(
    ...Array.from({ length: 14 }, () => 'answers' as const),
    ...(['stale', 'stale', 'stale', 'fails', 'reply-lost', 'hint-lost', 'hint-twice'] as const),
  ),
  { minLength: 1, maxLength: 40 },
);

/** What came up in all schedules together. */
const all = { answers: 0, epochs: 0, prunedTables: 0, crashes: 0, lostRaces: 0, stopped: 0, held: 0 };

async function keepsItsRules(
  scheduler: fc.Scheduler,
  each: readonly Fate[],
  steps: Iterable<fc.AsyncCommand<object, Installation>>,
): Promise<void> {
  const real = await Installation.open(scheduler, each);
  try {
    await scheduler.waitFor(fc.asyncModelRun(() => ({ model: {}, real }), steps));
  } finally {
    await scheduler.waitFor(real.comeToRest());
  }
  const { violations, history, log, seen } = real.world;
  expect([...violations, ...history.violations()]).toEqual([]);
  all.answers += history.answers;
  all.epochs += log.length;
  for (const what of ['prunedTables', 'crashes', 'lostRaces', 'stopped', 'held'] as const)
    all[what] += seen[what];
}

describe('an installation of several publishers and servers', () => {
  it(TITLE, { timeout: TIMEOUT_MS }, async () => {
    const steps = fc.commands(STEPS, { maxCommands: 30, size: 'max' });
    await fc.assert(fc.asyncProperty(fc.scheduler(), fates, steps, keepsItsRules), { numRuns: SCHEDULES });
    // Everything that the rules are about came up.
    for (const count of Object.values(all)) expect(count).toBeGreaterThan(SCHEDULES / 1000);

    const figure = (guarantee: number, result: string) =>
      recordFigure(guarantee, { test: TITLE, tried: SCHEDULES, result });
    figure(2, `0 servers went back, ${all.answers} answers looked at`);
    figure(3, `0 of ${all.epochs} epochs had two winners, ${all.lostRaces} races were lost`);
    figure(7, '0 servers did not come to the last pointer at the next poll');
    figure(9, `0 activations under a hold, ${all.held} refused`);
    figure(12, `0 incomplete tables were live, ${all.crashes} processes killed`);
    figure(16, `0 tables deleted in use, ${all.prunedTables} deleted`);
  });
});
