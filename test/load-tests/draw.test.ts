import { describe, expect, it } from 'vitest';
import {
  createLognormal,
  createRandom,
  createSequence,
  createUniform,
  createZipf,
  userIdOf,
  userOf,
} from '../../load-tests/draw.ts';
import { percentile } from '../../load-tests/statistics.ts';

const DRAWS = 100_000;
const drawn = (draw: () => number) => Array.from({ length: DRAWS }, draw);

describe('draws', () => {
  it('are the same for the same seed, and spread evenly from 0 to below 1', () => {
    const numbers = drawn(createRandom(7));
    expect(numbers.slice(0, 5)).toEqual(Array.from({ length: 5 }, createRandom(7)));
    expect(numbers.slice(0, 5)).not.toEqual(Array.from({ length: 5 }, createRandom(8)));
    expect(Math.min(...numbers.slice(0, 1000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers.slice(0, 1000))).toBeLessThan(1);
    expect(percentile(numbers, 50)).toBeCloseTo(0.5, 1);
  });

  it('have the median and the 99th percentile that a lognormal latency was asked for', () => {
    const latencies = drawn(createLognormal(3, 12, createRandom(1)));
    expect(percentile(latencies, 50)).toBeCloseTo(3, 1);
    expect(percentile(latencies, 99)).toBeGreaterThan(11.4);
    expect(percentile(latencies, 99)).toBeLessThan(12.6);
  });

  it('reach every user and none beyond when uniform', () => {
    expect(new Set(drawn(createUniform(10, createRandom(1)))).size).toBe(10);
    expect(Math.max(...drawn(createUniform(10, createRandom(1))).slice(0, 1000))).toBe(9);
  });

  it('come to the first user twice as often as to the second by Zipf’s law, and to the last one too', () => {
    const users = drawn(createZipf(100, createRandom(1)));
    const times = (user: number) => users.filter((each) => each === user).length;
    expect(times(0) / times(1)).toBeCloseTo(2, 0);
    expect(times(0) / times(9)).toBeGreaterThan(8.5);
    expect(times(99)).toBeGreaterThan(0);
    expect(users.every((user) => user >= 0 && user < 100)).toBe(true);
  });

  it('come to each user once before any comes again in a sequence', () => {
    const next = createSequence(3, 1);
    expect([next(), next(), next(), next()]).toEqual([1, 2, 0, 1]);
  });

  it('know a user by number and id', () => {
    expect(userOf(userIdOf(42))).toBe(42);
    expect(userOf('#seal')).toBeNaN();
  });
});
