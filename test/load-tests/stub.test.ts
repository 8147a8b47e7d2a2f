import { describe, expect, it } from 'vitest';
import { createPace } from '../../load-tests/load.ts';
import { createRandom } from '../../load-tests/draw.ts';
import { percentile } from '../../load-tests/statistics.ts';
import { createCapacity, createDelays } from '../../load-tests/stub/delays.ts';
import { itemOf } from '../../load-tests/stub/items.ts';
import { decodeItems } from '../../src/domain/prediction.ts';

describe('the stub’s delay', () => {
  const latency = { p50Ms: 3, p99Ms: 12 };
  const drawn = (delays: (keys: number) => number, keys: number) =>
    Array.from({ length: 20_000 }, () => delays(keys));

  it('of a batch is that of its slowest key', () => {
    const delays = createDelays({ latency, stragglers: null }, createRandom(1));
    expect(percentile(drawn(delays, 1), 50)).toBeCloseTo(3, 0);
    // The slowest of a hundred is above the 99th percentile as often as not: 1 − 0.99^100 = 63 %.
    expect(percentile(drawn(delays, 100), 37)).toBeCloseTo(12, 0);
  });

  it('is longer for the share of reads that straggle, a batch counting as one', () => {
    const delays = createDelays({ latency: null, stragglers: { share: 0.01, extraMs: 50 } }, createRandom(1));
    const late = drawn(delays, 25).filter((ms) => ms === 50).length;
    expect(late / 20_000).toBeCloseTo(0.01, 2);
  });

  it('is none where the stub answers at once', () => {
    expect(createDelays({ latency: null, stragglers: null })(100)).toBe(0);
  });
});

describe('the stub’s capacity', () => {
  it('allows so many keys a second, and a tenth of a second’s worth at once', () => {
    let now = 0;
    const take = createCapacity(1000, () => now);
    expect(take(150)).toBe(100);
    expect(take(1)).toBe(0);
    now += 50;
    expect(take(60)).toBe(50);
    now += 10_000;
    expect(take(1000)).toBe(100);
  });

  it('is no limit where none is set', () => {
    expect(createCapacity(null, () => 0)(100)).toBe(100);
  });
});

describe('the stub’s items', () => {
  it('are predictions as the loader stores them', () => {
    const item = JSON.parse(itemOf('u77', 77)) as { userId: { S: string }; items: { S: string } };
    expect(item.userId.S).toBe('u77');
    expect(decodeItems(item.items.S)).toHaveLength(20);
    expect(item.items.S.length).toBeLessThan(1024);
  });
});

describe('the pace of a load', () => {
  it('spreads requests evenly, connections taking turns', () => {
    const [first, second] = [createPace(1000, 0, 2, 100), createPace(1000, 1, 2, 100)];
    expect([first(), second(), first(), second()]).toEqual([1000, 1010, 1020, 1030]);
  });
});
