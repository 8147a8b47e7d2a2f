import { describe, expect, it } from 'vitest';
import { createAdaptiveLimit } from '../../src/resilience/adaptive-limit.ts';

/** Enters as often as there is room and returns the tickets. */
async function fill(limit: ReturnType<typeof createAdaptiveLimit>) {
  const tickets: number[] = [];
  for (let place = limit.current(); place > 0; place--) tickets.push(await limit.enter());
  return tickets;
}

describe('an adaptive limit', () => {
  it('grows by one for each limit’s worth of successes, up to the most', async () => {
    const limit = createAdaptiveLimit({ first: 2, most: 4 });
    const seen: number[] = [];
    for (let round = 0; round < 30; round++) {
      const tickets = await fill(limit);
      for (const _ of tickets) {
        limit.succeeded();
        limit.leave();
      }
      seen.push(limit.current());
    }
    expect(seen[0]).toBe(2);
    expect(seen).toContain(3);
    expect(seen.at(-1)).toBe(4);
    expect(seen).toEqual(seen.toSorted());
  });

  it('halves once for all that were refused together, and never below one', async () => {
    const limit = createAdaptiveLimit({ first: 8, most: 8 });
    for (const ticket of await fill(limit)) {
      limit.refused(ticket);
      limit.leave();
    }
    expect(limit.current()).toBe(4);
    for (let round = 0; round < 5; round++) {
      for (const ticket of await fill(limit)) {
        limit.refused(ticket);
        limit.leave();
      }
    }
    expect(limit.current()).toBe(1);
  });

  it('does not grow while it is not used up', async () => {
    const limit = createAdaptiveLimit({ first: 4, most: 8 });
    for (let round = 0; round < 100; round++) {
      await limit.enter();
      limit.succeeded();
      limit.leave();
    }
    expect(limit.current()).toBe(4);
  });

  it('lets the next one in when there is room again, in order', async () => {
    const limit = createAdaptiveLimit({ first: 1, most: 1 });
    const order: string[] = [];
    await limit.enter();
    const second = limit.enter().then(() => order.push('second'));
    const third = limit.enter().then(() => order.push('third'));
    await Promise.resolve();
    expect(order).toEqual([]);
    limit.leave();
    await second;
    limit.leave();
    await third;
    expect(order).toEqual(['second', 'third']);
  });
});
