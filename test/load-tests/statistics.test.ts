import { describe, expect, it } from 'vitest';
import { median, percentile } from '../../load-tests/statistics.ts';

describe('the median', () => {
  it('is the middle value, whatever the order', () => expect(median([9, 1, 5])).toBe(5));
  it('is between the two middle values of an even number', () => expect(median([4, 1, 2, 9])).toBe(3));
  it('of nothing is an error', () => expect(() => median([])).toThrow(RangeError));
});

describe('a percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);
  it.each([
    [0, 1],
    [50, 50],
    [99, 99],
    [99.9, 100],
    [100, 100],
  ])('%d of the numbers from 1 to 100 is %d', (percent, value) => {
    expect(percentile(hundred, percent)).toBe(value);
  });
  it('of nothing is an error', () => expect(() => percentile([], 50)).toThrow(RangeError));
});
