/**
 * A look-up with its answer, and a replacement, beside the least that could stand in its place. Rejected: a Map, which
 * knows no limit, and lru-cache, both of which keep strings on the heap. The difference here is the price of copying; what
 * it saves is the garbage collector's time, which shows only in whole requests (load-tests/scenarios/uncached.ts).
 */
import { LRUCache } from 'lru-cache';
import { bench, do_not_optimize, run, summary } from 'mitata';
import { createCacheBudget, type Prediction } from '../src/serving/prediction-cache.ts';
import { cycle, storedItems } from './support.ts';

const USERS = 50_000;
const BUDGET_BYTES = 256 * 1024 * 1024;
const blocked: ReadonlySet<string> = new Set();

const entries = Array.from({ length: USERS }, (_, user): [string, Prediction] => {
  const items = storedItems(user);
  const body = JSON.stringify({ userId: `user-${user}`, recommendations: items.slice(0, 200) });
  return [`user-${user}`, { items, readAtMs: 0, blocked, body }];
});

const predictions = createCacheBudget(BUDGET_BYTES).createCache();
const counted = new LRUCache<string, Prediction>({ max: USERS });
const map = new Map<string, Prediction>();
for (const [userId, prediction] of entries) {
  predictions.set(userId, prediction);
  counted.set(userId, prediction);
  map.set(userId, prediction);
}

// Steps of a prime number, so that neighbours in time are not neighbours in memory.
const shuffled = Array.from({ length: USERS }, (_, at) => entries[(at * 7919) % USERS]!);

summary(() => {
  const next = cycle(shuffled);
  bench('look up: topshelf', () => do_not_optimize(predictions.get(next()[0])?.body));
  bench('look up: lru-cache by number', () => do_not_optimize(counted.get(next()[0])?.body));
  bench('look up: Map', () => do_not_optimize(map.get(next()[0])?.body));
});

summary(() => {
  const next = cycle(shuffled);
  bench('replace: topshelf', () => predictions.set(...next()));
  bench('replace: lru-cache by number', () => counted.set(...next()));
  bench('replace: Map', () => map.set(...next()));
});

await run();
