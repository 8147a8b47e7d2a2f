import { median, slope } from '../statistics.ts';
import type { Sample } from './sample.ts';

type Quantity = Exclude<keyof Sample, 'minutes'>;

/** How something developed over a soak. */
export interface Trend {
  readonly perHour: number;
  readonly median: number;
  readonly first: number;
  readonly last: number;
}

export interface Verdict {
  readonly trends: Readonly<Record<Quantity, Trend>>;
  /** What grew beyond its bound, as sentences; none where the soak passed. */
  readonly failures: readonly string[];
}

/** Before this share of the time, caches fill and code is compiled: that growth is no leak. */
const WARM_UP_SHARE = 0.2;
/**
 * Growth over the rest that is taken for noise: of memory a share of its median, of the others a number. Connections to
 * the store are files that are open and keep no event loop alive; the pool has as many as were ever needed at once lately.
 */
const BOUNDS = {
  heapShare: 0.1,
  externalShare: 0.25,
  handles: 5,
  timers: 5,
  sockets: 5,
  openFiles: 10,
} as const;

/**
 * The resident size has no trend: it follows the heap's young generation up to its 128 MB, and pages that were left are
 * given back minutes later, or hours. What it may have at most: that, 64 MB for the old generation and 32 for the cache, as
 * the soak sets them, and 100 for the program, its buffers and connections.
 */
const MOST_RESIDENT_MEGABYTES = 128 + 64 + 32 + 100;

/**
 * The trends of what was left between loads: of each interval the lowest heap, which is the one nearest to a collection.
 * Throws RangeError where there are too few samples behind the warm-up.
 */
export function judgeSoak(intervals: readonly Sample[]): Verdict {
  const end = intervals.at(-1)?.minutes ?? 0;
  const steady = intervals.filter(({ minutes }) => minutes >= end * WARM_UP_SHARE);
  const hours = (end - (steady[0]?.minutes ?? 0)) / 60;
  const trendOf = (quantity: Quantity): Trend => {
    const values = steady.map((each) => each[quantity]);
    const points = steady.map((each) => [each.minutes / 60, each[quantity]] as const);
    return {
      perHour: slope(points),
      median: median(values),
      first: values[0] ?? NaN,
      last: values.at(-1) ?? NaN,
    };
  };
  const trends = {
    heapMegabytes: trendOf('heapMegabytes'),
    heapTotalMegabytes: trendOf('heapTotalMegabytes'),
    externalMegabytes: trendOf('externalMegabytes'),
    residentMegabytes: trendOf('residentMegabytes'),
    handles: trendOf('handles'),
    timers: trendOf('timers'),
    sockets: trendOf('sockets'),
    openFiles: trendOf('openFiles'),
    lagMilliseconds: trendOf('lagMilliseconds'),
  };
  const bounds = {
    heapMegabytes: BOUNDS.heapShare * trends.heapMegabytes.median,
    externalMegabytes: BOUNDS.externalShare * trends.externalMegabytes.median,
    handles: BOUNDS.handles,
    timers: BOUNDS.timers,
    sockets: BOUNDS.sockets,
    openFiles: BOUNDS.openFiles,
  };
  const failures = Object.entries(bounds).flatMap(([quantity, bound]) => {
    const grown = trends[quantity as Quantity].perHour * hours;
    return grown <= bound
      ? []
      : [
          `${quantity} grew by ${grown.toFixed(1)} in ${hours.toFixed(2)} h; at most ${bound.toFixed(1)} is noise`,
        ];
  });
  const resident = Math.max(...intervals.map(({ residentMegabytes }) => residentMegabytes));
  if (resident > MOST_RESIDENT_MEGABYTES)
    failures.push(
      `residentMegabytes came to ${resident.toFixed(0)}; heap, cache and program make ${MOST_RESIDENT_MEGABYTES} at most`,
    );
  return { trends, failures };
}
