import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { latencyOf, tallyOf, wrongAmong } from '../support/answer-statistics.ts';
import { startPacedLoad, type Answered, type PacedLoad } from '../support/paced-load.ts';
import { startServerProcess, type ServerProcess } from '../support/program.ts';
import { untilPersonalized } from '../support/recovery.ts';
import { answersIn, scrapeOf } from '../support/scrape.ts';
import { createCaller } from '../support/send.ts';
import { startStallClock, startWaitClock } from '../support/stall-clock.ts';
import { DEADLINE_MS, type FaultShop } from './fault-shop.ts';

/**
 * What may come on top of the deadline: a caller who is not freed waits for a second and more, and a machine that is
 * busy with other things must not pass for that. `TOPSHELF_TEST_MARGIN_MS=20` on one that is not.
 */
const MARGIN_MS = Number(process.env.TOPSHELF_TEST_MARGIN_MS ?? 500);

export interface WatchedServer extends ServerProcess {
  readonly load: PacedLoad;
  /** Resolves with the milliseconds from `since` until answers are personalized again; rejects after 30 s. */
  recovers(since?: number): Promise<number>;
  /** What each of these users is answered, asked until that is personalized: for tests that compare two servers. */
  answersTo(userIds: readonly string[]): Promise<string[]>;
  /** The versions of the answers to requests that were sent since. */
  versionsSince(at: number): string[];
  /**
   * Ends the load and checks all of it: every answer a 200, right, in time, and counted as what it was by the server
   * itself. Resolves with what is worth telling.
   */
  check(): Promise<{ readonly tried: number; readonly result: string }>;
  /** Ends load and server, checked or not. */
  end(): Promise<void>;
}

export interface WatchOptions {
  readonly perSecond?: number;
  readonly seed: number;
}

/** `topshelf serve` in a process of its own, under load from the moment it is ready. */
export async function watchServer(
  shop: FaultShop,
  environment: Readonly<Record<string, string>>,
  { perSecond = 150, seed }: WatchOptions,
): Promise<WatchedServer> {
  const server = await startServerProcess({ ...shop.environment, ...environment });
  try {
    await expect
      .poll(async () => (await fetch(`${server.ops}/readyz`)).status, { timeout: 20_000 })
      .toBe(200);
  } catch (error) {
    server.kill();
    throw error;
  }
  const caller = createCaller(server.api);
  const own = startStallClock('process');
  const servers = startWaitClock(server.pid);
  // Where both stood still at once, that counts once.
  const stalledMs = (from: number, to: number) =>
    Math.max(own.stalledMs(from, to), servers.stalledMs(from, to));
  const load = startPacedLoad({
    send: caller.send,
    goldens: shop.goldens,
    users: shop.users,
    perSecond,
    manyPerSecond: 5,
    seed,
  });
  const users = new Set(shop.users);
  const asked: Pick<Answered, 'status' | 'source' | 'reason'>[] = [];

  async function answerTo(userId: string): Promise<string> {
    for (const since = performance.now(); performance.now() - since < 10_000;) {
      const { status, text } = await caller.send('GET', `/recommendations/${userId}`);
      const { source, reason = '' } = JSON.parse(text) as { source: string; reason?: string };
      asked.push({ status, source, reason });
      if (source === 'personalized') return text;
    }
    throw new Error(`${userId} was given no personalized answer for 10 s`);
  }

  return {
    ...server,
    load,
    recovers: (since) => untilPersonalized(load, users, since),
    async answersTo(userIds) {
      const answers: string[] = [];
      for (const userId of userIds) answers.push(await answerTo(userId));
      return answers;
    },
    versionsSince: (at) => versionsOf(load.answers.filter(({ sentAt }) => sentAt >= at)),
    async check() {
      await load.stop();
      expect(wrongAmong(load.answers)).toEqual([]);
      expect(answersIn(await scrapeOf(server))).toEqual(tallyOf([...load.answers, ...asked]));
      const { p999, longest, stalled } = latencyOf(load.answers, { stalledMs });
      expect(p999).toBeLessThan(DEADLINE_MS + MARGIN_MS);
      const degraded = load.answers.filter(({ reason }) => reason !== '' && reason !== 'unknown-user').length;
      return {
        tried: load.answers.length,
        result:
          `0 errors, ${degraded} degraded, p99.9 ${p999.toFixed(1)} ms, longest ${longest.toFixed(1)} ms, ` +
          `from ${stalled} a stall of the caller or a wait of the server for a CPU is taken off`,
      };
    },
    async end() {
      own.stop();
      servers.stop();
      await load.stop();
      caller.close();
      server.kill();
      await server.ended;
    },
  };
}

function versionsOf(answers: readonly Answered[]): string[] {
  return [...new Set(answers.map(({ version }) => version))];
}

/**
 * Switches a fault on and off as a schedule of its own has it: a few times, for `onMs` in all. Resolves with when it
 * was switched off for good.
 */
export async function flicker(
  fault: { readonly on: () => Promise<void>; readonly off: () => Promise<void> },
  onMs: number,
  random: () => number,
): Promise<number> {
  for (let left = onMs; ; await pause(50 + 300 * random())) {
    const on = Math.min(left, onMs * (0.3 + 0.4 * random()));
    await fault.on();
    await pause(on);
    await fault.off();
    left -= on;
    if (left <= 0) return performance.now();
  }
}
