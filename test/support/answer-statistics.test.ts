import { describe, expect, it } from 'vitest';
import { latencyOf } from './answer-statistics.ts';
import type { Answered } from './paced-load.ts';
import { stalledIn, type Stall } from './stall-clock.ts';

const answer = (sentAt: number, ms: number): Answered => ({
  ...{ userId: 'anna', status: 200, source: 'personalized', reason: '', version: 'v1' },
  ...{ sentAt, ms },
});
const clockOf = (...stalls: Stall[]) => ({
  stalledMs: (from: number, to: number) => stalledIn(stalls, from, to),
});

describe('the time that answers took', () => {
  it('is without the stalls that fall into them', () => {
    const clock = clockOf(
      { from: 0, to: 10, ms: 8 },
      { from: 100, to: 150, ms: 45 },
      { from: 300, to: 320, ms: 15 },
    );
    const { longest, p999, stalled } = latencyOf([answer(90, 70), answer(200, 20)], clock);
    expect({ longest, p999, stalled }).toEqual({ longest: 25, p999: 25, stalled: 1 });
  });

  it('has an answer that takes long, although the machine stalls all the time', () => {
    const stalls = Array.from({ length: 100 }, (_, at) => ({ from: at * 20, to: at * 20 + 12, ms: 7 }));
    expect(latencyOf([answer(0, 1000)], clockOf(...stalls)).longest).toBe(1000 - 50 * 7);
  });

  it('is never less than none, where an answer falls into the midst of a stall', () => {
    expect(latencyOf([answer(110, 20)], clockOf({ from: 100, to: 150, ms: 45 })).longest).toBe(0);
  });
});
