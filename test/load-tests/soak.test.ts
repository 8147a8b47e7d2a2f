import { describe, expect, it } from 'vitest';
import type { Sample } from '../../load-tests/soak/sample.ts';
import { judgeSoak } from '../../load-tests/soak/verdict.ts';
import { slope } from '../../load-tests/statistics.ts';

const FLAT: Omit<Sample, 'minutes'> = {
  heapMegabytes: 40,
  heapTotalMegabytes: 60,
  externalMegabytes: 12,
  residentMegabytes: 150,
  handles: 5,
  timers: 1,
  sockets: 2,
  openFiles: 40,
  lagMilliseconds: 12,
};

/** Two hours of samples, one a minute. */
function soaked(at: (minutes: number) => Partial<Sample>): Sample[] {
  return Array.from({ length: 121 }, (_, minutes) => ({ ...FLAT, minutes, ...at(minutes) }));
}

it('a slope is that of the line which the points are nearest to', () => {
  expect(slope([[0, 1], [1, 3], [2, 5]])).toBe(2); // prettier-ignore
  expect(slope([[0, 1], [1, 4], [2, 4], [3, 1]])).toBe(0); // prettier-ignore
  expect(() => slope([[1, 1]])).toThrow(RangeError);
  expect(() => slope([[1, 1], [1, 2]])).toThrow(RangeError); // prettier-ignore
});

describe('a soak', () => {
  it('passes where what is held goes up and down', () => {
    const { failures, trends } = judgeSoak(
      soaked((minutes) => ({ heapMegabytes: 40 + (minutes % 4), openFiles: 40 + (minutes % 7) })),
    );
    expect(failures).toEqual([]);
    expect(trends.handles).toEqual({ perHour: 0, median: 5, first: 5, last: 5 });
  });

  it('does not count what caches take while they fill', () => {
    const { failures } = judgeSoak(soaked((minutes) => ({ heapMegabytes: Math.min(40, 10 + 2 * minutes) })));
    expect(failures).toEqual([]);
  });

  it.each(['handles', 'timers', 'sockets', 'openFiles'] as const)(
    'fails where %s stay behind',
    (quantity) => {
      const { failures } = judgeSoak(soaked((minutes) => ({ [quantity]: FLAT[quantity] + minutes / 8 })));
      expect(failures).toEqual([
        expect.stringMatching(new RegExp(`^${quantity} grew by 12\\.0 in 1\\.60 h`)),
      ]);
    },
  );

  it('fails where memory outside of the heap grows by more than a quarter', () => {
    const { failures } = judgeSoak(soaked((minutes) => ({ externalMegabytes: 12 + minutes / 15 })));
    expect(failures).toEqual([expect.stringMatching(/^externalMegabytes grew by/)]);
  });

  it('lets the resident size follow the heap, up to what all that is limited makes', () => {
    const upTo = (most: number) => soaked((minutes) => ({ residentMegabytes: minutes < 60 ? 150 : most }));
    expect(judgeSoak(upTo(324)).failures).toEqual([]);
    expect(judgeSoak(upTo(325)).failures).toEqual([
      'residentMegabytes came to 325; heap, cache and program make 324 at most',
    ]);
  });

  it('fails where the heap grows by more than a tenth, however it goes up and down', () => {
    const { failures } = judgeSoak(
      soaked((minutes) => ({ heapMegabytes: 40 + minutes / 15 + (minutes % 2) * 3 })),
    );
    expect(failures).toEqual([expect.stringMatching(/^heapMegabytes grew by 6\.\d/)]);
  });
});
