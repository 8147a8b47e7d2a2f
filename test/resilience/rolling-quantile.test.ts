import { describe, expect, it } from 'vitest';
import { createRollingQuantile } from '../../src/resilience/rolling-quantile.ts';

function openQuantile() {
  const clock = { ms: 1_000_000 };
  const p95 = createRollingQuantile({ quantile: 0.95, maxAgeMs: 60_000, now: () => clock.ms });
  /** Adds values, so many ms apart. */
  const add = (values: readonly number[], apartMs: number) => {
    for (const value of values) {
      p95.add(value);
      clock.ms += apartMs;
    }
  };
  return { clock, p95, add };
}

const oneTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('a rolling 95th percentile', () => {
  it('is not known from a few values', () => {
    const { clock, p95, add } = openQuantile();
    expect(p95.value()).toBeUndefined();
    add(oneTo(19), 1);
    clock.ms += 1000;
    expect(p95.value()).toBeUndefined();
    add([20], 1);
    clock.ms += 1000;
    expect(p95.value()).toBe(19);
  });

  it('is exact over the last 256 values, in whatever order they came', () => {
    const { p95, add } = openQuantile();
    add([...Array<number>(300).fill(9999), ...oneTo(256).reverse()], 0.1);
    expect(p95.value()).toBe(Math.ceil(0.95 * 256));
  });

  it('is right at one value a second: the last minute counts', () => {
    const { p95, add } = openQuantile();
    add(Array<number>(200).fill(40), 1000);
    add(Array<number>(60).fill(4), 1000);
    expect(p95.value()).toBe(4);
  });

  it('forgets what it knew over an idle hour', () => {
    const { clock, p95, add } = openQuantile();
    add(Array<number>(256).fill(40), 10);
    expect(p95.value()).toBe(40);
    clock.ms += 3_600_000;
    expect(p95.value()).toBeUndefined();
    add(Array<number>(32).fill(3), 1000);
    expect(p95.value()).toBe(3);
  });
});
