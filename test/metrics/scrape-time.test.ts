import { describe, expect, it } from 'vitest';
import { POINTER_REJECTIONS, type PointerRejection } from '../../src/domain/errors.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { observeServing, scrape } from '../../src/metrics/observe-serving.ts';
import type { BreakerState } from '../../src/resilience/breaker.ts';
import { createConcurrencyLimit } from '../../src/resilience/concurrency-limit.ts';
import type { HedgeOutcome } from '../../src/resilience/hedge.ts';
import type { Reason, Source } from '../../src/serving/answer.ts';
import type { CacheOutcome, ReadOutcome, WarmUpOutcome } from '../../src/serving/observer.ts';
import { recordFigure } from '../support/figures.ts';
import { openServing } from '../support/serving.ts';

const PLACEMENTS = Array.from({ length: 20 }, (_, at) => `placement_${at}`);
const SCRAPES = 20;
const TITLE = 'has each series that there can be, once, and none of a version that is past';

/** Every value of a type: the compiler says where one is missing. */
const all = <Value extends string>(values: Record<Value, true>) => Object.keys(values) as Value[];
const SOURCES = all<Source>({ personalized: true, stale: true, popular: true, none: true });
const REASONS = all<Reason>({
  'unknown-user': true,
  'store-timeout': true,
  'store-throttled': true,
  'store-error': true,
  'breaker-open': true,
  overloaded: true,
});
const LOOKUPS = all<CacheOutcome>({ hit: true, aged: true, unknown: true, miss: true });
const READS = all<ReadOutcome>({
  ok: true,
  'partly-throttled': true,
  timeout: true,
  throttled: true,
  error: true,
  'table-missing': true,
});
const HEDGES = all<HedgeOutcome>({ won: true, lost: true, failed: true });
const WARM_UPS = all<WarmUpOutcome>({
  complete: true,
  'out-of-time': true,
  failed: true,
  superseded: true,
});
const BREAKER = all<BreakerState>({ closed: true, 'half-open': true, open: true });
const REJECTIONS: readonly PointerRejection[] = POINTER_REJECTIONS;

/** What a request for one user that was answered ends with: a 404 or 503 only where no fallback is wanted. */
const ANSWERED = SOURCES.flatMap((source) =>
  (source === 'none' ? ['404', '503'] : ['200', '304']).map((status) => [source, status] as const),
);
/** By route, what else a request may end with; `none` is every path that leads nowhere. */
const STATUSES: Readonly<Record<string, readonly string[]>> = {
  '/recommendations/:userId': ['400', '404', '408', '414', '431', '500', '503'],
  '/recommendations': ['200', '400', '404', '408', '413', '415', '431', '500', '503'],
  '/openapi.json': ['200', '503'],
  none: ['400', '404', '414', '503'],
};

/** Lines of a histogram: its buckets, that without a limit, sum and count. */
const LATENCY_LINES = 17 + 3;
const USERS_LINES = 8 + 3;
const SWAP_LINES = 14 + 3;

/** Lines of the metrics that have a placement, for each. */
const LINES_PER_PLACEMENT =
  (ANSWERED.length + (STATUSES['/recommendations']?.length ?? 0)) * LATENCY_LINES +
  SOURCES.length * (REASONS.length + 1) +
  LOOKUPS.length +
  READS.length * (LATENCY_LINES + 1) +
  USERS_LINES +
  HEDGES.length +
  2 + // hedges and retries
  2 + // those denied
  1 + // unreadable items
  (1 + BREAKER.length) +
  REJECTIONS.length +
  8 + // epoch, last read, read errors, saving errors, live version, its age, blocked, held
  2 + // swaps with and without another version
  SWAP_LINES +
  WARM_UPS.length * SWAP_LINES +
  1; // users of warm-ups
const LINES_OF_REQUESTS_WITHOUT_PLACEMENT = Object.values(STATUSES).flat().length * LATENCY_LINES;
/** In flight (requests, reads), shed, the cache's four, and the four states of the process. */
const OTHER_LINES = 7 + 4;

/** Tells the server's own observer everything that can happen to a placement. */
function happenTo(placement: string, metrics: ReturnType<typeof createMetrics>): void {
  const observer = observeServing(metrics);
  const request = (route: string, where: string, source: string, status: string) =>
    metrics.requestSeconds.observe(0.004, route, where, source, status);
  for (const [source, status] of ANSWERED) request('/recommendations/:userId', placement, source, status);
  for (const [route, statuses] of Object.entries(STATUSES)) {
    for (const status of statuses) {
      request(route, '', '', status);
      if (route === '/recommendations') request(route, placement, '', status);
    }
  }
  for (const source of SOURCES) {
    for (const reason of [undefined, ...REASONS]) observer.answered(placement, source, reason);
  }
  for (const outcome of LOOKUPS) observer.cacheLookup(placement, outcome);
  for (const outcome of READS) observer.tableRead(placement, outcome, 3, 0.004);
  for (const outcome of HEDGES) observer.hedged(placement, outcome, 1);
  observer.retried(placement, 1);
  for (const what of ['hedge', 'retry'] as const) observer.budgetDenied(placement, what);
  observer.itemUnreadable(placement, 'v');
  for (const state of BREAKER) observer.breakerChanged(placement, state);
  observer.pointerRead(placement);
  observer.pointerUnreadable(placement, new Error('away'));
  for (const reason of REJECTIONS) observer.pointerRejected(placement, reason, 'refused', false);
  observer.savedPointerFailed(placement, new Error('the disk is full'));
  for (const outcome of WARM_UPS) observer.warmedUp(placement, outcome, 1, 1);
  // A version, a second one, and another epoch of that: what the first one was is no series any more.
  for (const [epoch, number, before] of [
    [1, 1, undefined],
    [2, 2, 'v1'],
    [3, 2, 'v2'],
  ] as const) {
    observer.adopted({
      ...{
        placement,
        epoch,
        version: `v${number}`,
        table: `t-${placement}-v${number}`,
        previousVersion: before,
      },
      ...{
        generatedAt: '2026-11-21T00:00:00.000Z',
        blocked: 0,
        isHeld: false,
        from: 'pointer',
        seconds: 0.1,
      },
    });
  }
}

describe('a scrape, when all that can be counted has happened', () => {
  it(TITLE, async () => {
    const metrics = createMetrics();
    for (const placement of PLACEMENTS) happenTo(placement, metrics);
    const { serving } = openServing();
    const now = () => scrape(metrics, { ...serving, requests: createConcurrencyLimit(1) }, 'ready');
    const times: number[] = [];
    let text = '';
    for (let at = 0; at < SCRAPES; at += 1) {
      const startedAt = performance.now();
      text = await now();
      times.push(performance.now() - startedAt);
    }
    const lines = text.split('\n').filter((line) => line.startsWith('topshelf_'));
    const names = lines.map((line) => line.slice(0, line.lastIndexOf(' ')));
    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength(
      PLACEMENTS.length * LINES_PER_PLACEMENT + LINES_OF_REQUESTS_WITHOUT_PLACEMENT + OTHER_LINES,
    );
    const sorted = times.toSorted((a, b) => a - b);
    recordFigure(41, {
      test: TITLE,
      tried: SCRAPES,
      result:
        `${names.length} series of ${PLACEMENTS.length} placements, ${(text.length / 1024).toFixed(0)} KiB: ` +
        `p50 ${(sorted[SCRAPES / 2] ?? 0).toFixed(1)} ms, longest ${(sorted.at(-1) ?? 0).toFixed(1)} ms`,
    });
  });
});
