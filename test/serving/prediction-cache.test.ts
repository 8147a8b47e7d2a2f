import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createCacheBudget,
  type Prediction,
  type PredictionCache,
} from '../../src/serving/prediction-cache.ts';

/** A prediction whose texts have so many characters. */
function prediction(characters: number, text = 'x'): Prediction {
  return { items: text.repeat(characters), body: `{${text}}`, readAtMs: 7, blocked: NOTHING_BLOCKED };
}
const NOTHING_BLOCKED: ReadonlySet<string> = new Set();

/** Small enough that a few hundred predictions fill it. */
const SMALL = 1024 * 1024;

/** Keeps predictions of so many users, `u0` first. */
function fill(cache: PredictionCache, users: number, characters = 2000): void {
  for (let user = 0; user < users; user += 1) cache.set(`u${user}`, prediction(characters));
}

const keptOf = (cache: PredictionCache, users: number) =>
  Array.from({ length: users }, (_, user) => `u${user}`).filter((userId) => cache.get(userId) !== undefined);

describe('the prediction cache', () => {
  it('gives back what was kept, whatever it is written in, and nothing else', () => {
    const cache = createCacheBudget(SMALL).createCache();
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string());
    fc.assert(
      fc.property(fc.dictionary(text, fc.tuple(text, text)), (users) => {
        for (const [userId, [items, body]] of Object.entries(users)) {
          cache.set(userId, { items, readAtMs: 7.5, body, blocked: NOTHING_BLOCKED });
        }
        for (const [userId, [items, body]] of Object.entries(users)) {
          const kept = cache.get(userId)!;
          expect([kept.items, kept.body, kept.readAtMs]).toEqual([items, body, 7.5]);
          expect(kept.blocked).toBe(NOTHING_BLOCKED);
        }
      }),
    );
    cache.delete('a');
    expect(cache.get('a')).toBeUndefined();
    expect(cache.get('never')).toBeUndefined();
  });

  it('gives the last of what was kept of a user', () => {
    const cache = createCacheBudget(SMALL).createCache();
    cache.set('anna', prediction(10, 'a'));
    cache.set('anna', prediction(10, 'b'));
    expect(cache.get('anna')?.items).toBe('b'.repeat(10));
    expect([...cache.hottest(10)]).toEqual(['anna']);
  });

  it('lets the users go that were read longest ago when there is no more room, but none who came again', () => {
    const budget = createCacheBudget(SMALL);
    const cache = budget.createCache();
    fill(cache, 100);
    expect(keptOf(cache, 10)).toHaveLength(10); // which counts as coming again
    for (let user = 100; user < 600; user += 1) cache.set(`u${user}`, prediction(2000));
    const kept = keptOf(cache, 600);
    expect(kept).toEqual(expect.arrayContaining(['u0', 'u5', 'u9', 'u599']));
    expect(kept).not.toContain('u50');
    expect(budget.evictions()).toBe(600 - kept.length);
    expect(budget.entries()).toBe(kept.length);
  });

  it('lets those who came again go as well once they come no more', () => {
    const cache = createCacheBudget(SMALL).createCache();
    fill(cache, 100);
    keptOf(cache, 100);
    for (let user = 100; user < 2000; user += 1) cache.set(`u${user}`, prediction(2000));
    expect(keptOf(cache, 100)).toEqual([]);
  });

  it('keeps its texts whole while others leave and move', () => {
    const cache = createCacheBudget(SMALL).createCache();
    const step = fc.record({
      user: fc.nat(900),
      isAsked: fc.boolean(),
      characters: fc.integer({ min: 0, max: 3000 }),
    });
    const expected = new Map<string, string>();
    fc.assert(
      fc.property(fc.array(step, { minLength: 50, maxLength: 200 }), (steps) => {
        for (const { user, isAsked, characters } of steps) {
          const userId = `u${user}`;
          const found = cache.get(userId);
          if (found !== undefined) expect(found.items).toBe(expected.get(userId));
          if (isAsked) continue;
          const items = `${userId}:`.repeat(characters / 4);
          expected.set(userId, items);
          cache.set(userId, { ...prediction(1), items });
        }
      }),
    );
  });

  it('never gives a text of somebody else: what has left can be read no more', () => {
    const budget = createCacheBudget(SMALL);
    const cache = budget.createCache();
    cache.set('anna', prediction(1000, 'a'));
    const left = cache.get('anna')!;
    fill(cache, 3000);
    expect(cache.get('anna')).toBeUndefined();
    expect(() => left.items).toThrow(RangeError);
    expect(() => left.body).toThrow(RangeError);
    const retired = budget.createCache();
    retired.set('bert', prediction(1000, 'b'));
    const gone = retired.get('bert')!;
    retired.retire();
    expect(() => gone.body).toThrow(RangeError);
  });

  it('shares one budget: the version that holds most gives way', () => {
    const budget = createCacheBudget(SMALL);
    const [large, small] = [budget.createCache(), budget.createCache()];
    fill(large, 1000);
    const before = keptOf(large, 1000).length;
    fill(small, 20);
    expect(keptOf(small, 20)).toHaveLength(20);
    expect(keptOf(large, 1000).length).toBeLessThan(before);
  });

  it('gives its bytes back when it is retired, and keeps nothing after that', () => {
    const budget = createCacheBudget(SMALL);
    const cache = budget.createCache();
    cache.set('anna', prediction(1000));
    cache.retire();
    cache.set('bert', prediction(1000));
    expect([budget.bytes(), budget.entries(), cache.get('bert')]).toEqual([0, 0, undefined]);
  });

  it('never holds more than its budget, whatever is kept where', () => {
    const step = fc.record({
      cache: fc.nat(2),
      user: fc.nat(30),
      characters: fc.nat(6_000),
      retires: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const budget = createCacheBudget(300_000);
        const caches = [budget.createCache(), budget.createCache(), budget.createCache()];
        for (const { cache, user, characters, retires } of steps) {
          if (retires === 0) {
            caches[cache]?.retire();
            caches[cache] = budget.createCache();
          }
          caches[cache]?.set(`u${user}`, prediction(characters));
          expect(budget.bytes()).toBeLessThanOrEqual(budget.limitBytes);
        }
      }),
    );
  });

  it('does without what is too long for it, and forgets what it replaces', () => {
    const cache = createCacheBudget(SMALL).createCache();
    cache.set('anna', prediction(1000));
    cache.set('huge', prediction(10));
    cache.set('huge', prediction(20_000));
    expect(cache.get('huge')).toBeUndefined();
    expect(cache.get('anna')).toBeDefined();
  });

  it('names the hottest first: who came again, then who was read last', () => {
    const cache = createCacheBudget(SMALL).createCache();
    fill(cache, 5, 10);
    cache.get('u1');
    expect([...cache.hottest(4)]).toEqual(['u1', 'u4', 'u3', 'u2']);
    expect([...cache.hottest(0)]).toEqual([]);
  });
});
