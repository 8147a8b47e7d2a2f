import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCacheBudget, type CachedPrediction } from '../../src/serving/prediction-cache.ts';

function prediction(bytes: number, text = 'x'): CachedPrediction {
  const answer = { source: 'personalized', body: '{}' } as const;
  return { items: text.repeat(bytes), readAtMs: 0, blocked: new Set(), answer };
}

describe('the prediction cache', () => {
  it('gives back what was kept, and nothing else', () => {
    const cache = createCacheBudget(100_000).createCache();
    const kept = prediction(10);
    cache.set('anna', kept);
    expect(cache.get('anna')).toBe(kept);
    expect(cache.get('bert')).toBeUndefined();
    cache.delete('anna');
    expect(cache.get('anna')).toBeUndefined();
  });

  it('lets the users go that were asked for longest ago when there is no more room', () => {
    const budget = createCacheBudget(10_000);
    const cache = budget.createCache();
    for (const userId of ['anna', 'bert', 'carl']) cache.set(userId, prediction(2_500));
    cache.get('anna');
    cache.set('dora', prediction(2_500));
    expect(['anna', 'bert', 'carl', 'dora'].filter((userId) => cache.get(userId))).toEqual([
      'anna',
      'carl',
      'dora',
    ]);
    expect(budget.evictions()).toBe(1);
  });

  it('shares one budget: the placement that holds most gives way', () => {
    const budget = createCacheBudget(10_000);
    const [large, small] = [budget.createCache(), budget.createCache()];
    for (const userId of ['anna', 'bert', 'carl']) large.set(userId, prediction(2_000));
    small.set('anna', prediction(2_000));
    small.set('bert', prediction(2_000));
    expect(['anna', 'bert'].filter((userId) => small.get(userId))).toHaveLength(2);
    expect(['anna', 'bert', 'carl'].filter((userId) => large.get(userId))).toEqual(['bert', 'carl']);
  });

  it('counts two bytes for each character of a text that is not Latin', () => {
    const budget = createCacheBudget(1_000_000);
    const cache = budget.createCache();
    cache.set('anna', prediction(1000));
    const latin = budget.bytes();
    cache.set('anna', prediction(1000, '漢'));
    expect(budget.bytes() - latin).toBe(1000);
  });

  it('gives its bytes back when it is retired, and keeps nothing after that', () => {
    const budget = createCacheBudget(100_000);
    const cache = budget.createCache();
    cache.set('anna', prediction(1000));
    cache.retire();
    cache.set('bert', prediction(1000));
    expect([budget.bytes(), budget.entries(), cache.get('bert')]).toEqual([0, 0, undefined]);
  });

  it('never holds more than its budget, whatever is kept where', () => {
    const step = fc.record({ cache: fc.nat(2), user: fc.nat(30), bytes: fc.nat(6_000), retires: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const budget = createCacheBudget(20_000);
        const caches = [budget.createCache(), budget.createCache(), budget.createCache()];
        for (const { cache, user, bytes, retires } of steps) {
          if (retires === 0) {
            caches[cache]?.retire();
            caches[cache] = budget.createCache();
          }
          caches[cache]?.set(`u${user}`, prediction(bytes));
          expect(budget.bytes()).toBeLessThanOrEqual(budget.limitBytes);
        }
      }),
    );
  });

  it('does without what is larger than the whole budget', () => {
    const budget = createCacheBudget(10_000);
    const cache = budget.createCache();
    cache.set('anna', prediction(1000));
    cache.set('huge', prediction(20_000));
    expect(cache.get('huge')).toBeUndefined();
    expect(cache.get('anna')).toBeDefined();
  });
});
