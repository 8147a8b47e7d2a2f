import { describe, expect, it } from 'vitest';
import { compareWithRecorded, fellShort, isMet, timedRatio, type Ratio } from '../../load-tests/ratios.ts';

const cpu = (name: string, value: number): Ratio => ({ name, value, goal: { atMost: 2 }, isCpu: true });

describe('a ratio', () => {
  it('meets its goal on either side of it, and at it', () => {
    expect(isMet({ value: 1.9, goal: { atMost: 1.9 } })).toBe(true);
    expect(isMet({ value: 1.91, goal: { atMost: 1.9 } })).toBe(false);
    expect(isMet({ value: 25, goal: { atLeast: 25 } })).toBe(true);
    expect(isMet({ value: 24.9, goal: { atLeast: 25 } })).toBe(false);
  });

  it('falls short when it is worse than the recorded one by more than a fifth, and never for being better', () => {
    const [low, high] = [{ atMost: 1 }, { atLeast: 1 }];
    expect(fellShort({ value: 2.3, goal: low }, 2)).toBe(false);
    expect(fellShort({ value: 2.5, goal: low }, 2)).toBe(true);
    expect(fellShort({ value: 0.1, goal: low }, 2)).toBe(false);
    expect(fellShort({ value: 17, goal: high }, 20)).toBe(false);
    expect(fellShort({ value: 15, goal: high }, 20)).toBe(true);
    expect(fellShort({ value: 90, goal: high }, 20)).toBe(false);
  });

  it('of latencies counts for nothing when load or other programs took too much of the CPU', () => {
    const quiet = { generatorBusy: 0.79, noise: 0.02 };
    const of = (...arms: { generatorBusy: number; noise: number }[]) =>
      timedRatio('p99', { atMost: 1 }, 1, arms);
    expect(of(quiet, quiet)).not.toHaveProperty('void');
    expect(of(quiet, { ...quiet, generatorBusy: 0.81 }).void).toBe('the core of the load was 81 % busy');
    expect(of({ ...quiet, noise: 0.3 }, quiet).void).toBe('other programs took 30 % of the server’s core');
  });
});

describe('the comparison with what was recorded', () => {
  it('looks at ratios of CPU alone', () => {
    const timed = timedRatio('p99', { atMost: 1 }, 5, []);
    expect(compareWithRecorded([timed, cpu('a', 1)], [cpu('a', 1)]).map(({ ratio }) => ratio.name)).toEqual([
      'a',
    ]);
  });

  it('is fine with what stayed, and not with what fell short or was never recorded', () => {
    const now = [cpu('same', 1), cpu('worse', 1.5), cpu('new', 1)];
    const comparisons = compareWithRecorded(now, [cpu('same', 1.1), cpu('worse', 1)]);
    expect(comparisons.map(({ ratio, isFine, recorded }) => [ratio.name, isFine, recorded])).toEqual([
      ['same', true, 1.1],
      ['worse', false, 1],
      ['new', false, undefined],
    ]);
  });

  it('is not fine with what does not count, however good', () => {
    const [comparison] = compareWithRecorded([{ ...cpu('a', 0.1), void: 'popular answers' }], [cpu('a', 1)]);
    expect(comparison?.isFine).toBe(false);
  });
});
