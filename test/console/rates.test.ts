import { describe, expect, it } from 'vitest';
import { createRates } from '../../src/console/rates.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';

/** The metrics of a server that has counted so much. */
async function metricsText(
  answers: [source: string, reason: string, count: number][],
  lookups: Record<string, number> = {},
) {
  const metrics = createMetrics();
  for (const [source, reason, count] of answers) {
    for (let at = 0; at < count; at++) metrics.answers.inc('home', source, reason);
  }
  for (const [outcome, count] of Object.entries(lookups)) {
    for (let at = 0; at < count; at++) metrics.cacheLookups.inc('home', outcome);
  }
  return metrics.registry.metrics();
}

describe('rates', () => {
  it('are what a server’s own counters grew by, a second', async () => {
    const rates = createRates();
    expect(
      rates.observe('a', await metricsText([['personalized', '', 10]], { hit: 4, miss: 6 }), 0),
    ).toBeNull();
    const now = await metricsText(
      [
        ['personalized', '', 30],
        ['popular', 'unknown-user', 4],
        ['popular', 'store-error', 2],
      ],
      { hit: 16, unknown: 3, miss: 10, aged: 1 },
    );
    const found = rates.observe('a', now, 2_000);
    expect(found?.get('home')).toEqual({
      seconds: 2,
      answersPerSecond: 13,
      bySource: { personalized: 10, popular: 3 },
      cacheHitShare: 0.75,
    });
  });

  it('count from zero where a process began anew', async () => {
    const rates = createRates();
    rates.observe('a', await metricsText([['personalized', '', 100]]), 0);
    const found = rates.observe('a', await metricsText([['personalized', '', 6]]), 2_000);
    expect(found?.get('home')).toMatchObject({ answersPerSecond: 3, cacheHitShare: null });
  });

  it('stay as they were where somebody looks again at once', async () => {
    const rates = createRates();
    rates.observe('a', await metricsText([]), 0);
    const found = rates.observe('a', await metricsText([['personalized', '', 6]]), 2_000);
    expect(rates.observe('a', await metricsText([['personalized', '', 7]]), 2_100)).toBe(found);
  });

  it('are not mixed between replicas, and forgotten with them', async () => {
    const rates = createRates();
    rates.observe('a', await metricsText([['personalized', '', 6]]), 0);
    expect(rates.observe('b', await metricsText([['personalized', '', 9]]), 1_000)).toBeNull();
    rates.keep(['b']);
    expect(rates.observe('a', await metricsText([['personalized', '', 9]]), 2_000)).toBeNull();
  });
});
