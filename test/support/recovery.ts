import { setTimeout as pause } from 'node:timers/promises';
import type { PacedLoad } from './paced-load.ts';

const WINDOW_MS = 500;
const LEAST_ANSWERS = 40;
// A store on a machine that is busy misses its time now and then, without any fault.
const PERSONAL_SHARE = 0.95;

/**
 * Resolves with the milliseconds from `startedAt` until answers to users who have a prediction are personalized again:
 * nearly all that were asked for in half a second. Throws Error after `mostMs`, with what they were instead.
 */
export async function untilPersonalized(
  load: PacedLoad,
  users: { has(userId: string): boolean },
  startedAt = performance.now(),
  mostMs = 30_000,
): Promise<number> {
  for (;;) {
    const now = performance.now();
    const since = Math.max(startedAt, now - WINDOW_MS);
    const recent = load.answers.filter(({ userId, sentAt }) => sentAt >= since && users.has(userId));
    const personal = recent.filter(({ source }) => source === 'personalized').length;
    if (recent.length >= LEAST_ANSWERS && personal >= recent.length * PERSONAL_SHARE) return now - startedAt;
    if (now - startedAt > mostMs) {
      const reasons = [...new Set(recent.map(({ source, reason }) => `${source} ${reason}`))].join(', ');
      throw new Error(`after ${mostMs} ms ${personal} of ${recent.length} are personalized: ${reasons}`);
    }
    await pause(20);
  }
}
