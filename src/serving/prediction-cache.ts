import { LRUCache } from 'lru-cache';
import type { Answer } from './answer.ts';

/** One user's prediction as it was read, with the answer most callers ask for. */
export interface CachedPrediction {
  /** The stored text: other limits and exclusions are rendered from it. */
  readonly items: string;
  /** When it was read, in milliseconds of the service's clock. */
  readonly readAtMs: number;
  /** The answer without parameters, and the blocked list it was rendered with. */
  answer: Answer;
  blocked: ReadonlySet<string>;
}

// What an entry costs besides its text: objects, the map's slot and the list's links. Measured: 350 to 450 bytes.
const ENTRY_OVERHEAD_BYTES = 450;

/** The predictions of one version that were read lately, ready to send; least recently used ones leave first. */
export interface PredictionCache {
  get(userId: string): CachedPrediction | undefined;
  set(userId: string, prediction: CachedPrediction): void;
  delete(userId: string): void;
  /** So many users at most, those asked for last first. */
  hottest(count: number): Iterable<string>;
  /** Empties it for good: later sets are ignored. */
  retire(): void;
}

/** One byte budget for the caches of all versions in a process. */
export interface CacheBudget {
  readonly limitBytes: number;
  createCache(): PredictionCache;
  bytes(): number;
  entries(): number;
  /** Entries that left to make room, since the start. */
  evictions(): number;
}

export function createCacheBudget(limitBytes: number): CacheBudget {
  const caches = new Set<LRUCache<string, CachedPrediction>>();
  let evicted = 0;

  /** Asked at every set: no more than a loop. */
  function bytes(): number {
    let total = 0;
    for (const { calculatedSize } of caches) total += calculatedSize;
    return total;
  }

  function makeRoom(size: number): void {
    while (caches.size > 0 && bytes() + size > limitBytes) {
      let largest: LRUCache<string, CachedPrediction> | undefined;
      for (const cache of caches) {
        if (largest === undefined || cache.calculatedSize > largest.calculatedSize) largest = cache;
      }
      if (largest?.pop() === undefined) return;
      evicted += 1;
    }
  }

  return {
    limitBytes,
    bytes,
    entries: () => caches.values().reduce((total, cache) => total + cache.size, 0),
    evictions: () => evicted,
    createCache() {
      const cache = new LRUCache<string, CachedPrediction>({ maxSize: limitBytes });
      caches.add(cache);
      return {
        get: (userId) => cache.get(userId),
        set(userId, prediction) {
          if (!caches.has(cache)) return;
          const size = sizeOf(userId, prediction);
          if (size > limitBytes) return void cache.delete(userId); // it would drive out all others and not fit even then
          makeRoom(size);
          cache.set(userId, prediction, { size });
        },
        delete(userId) {
          cache.delete(userId);
        },
        hottest: (count) => cache.keys().take(count),
        retire() {
          caches.delete(cache);
          cache.clear();
        },
      };
    },
  };
}

function sizeOf(userId: string, { items, answer }: CachedPrediction): number {
  return ENTRY_OVERHEAD_BYTES + textBytes(userId) + textBytes(items) + textBytes(answer.body);
}

/** Memory of a string: V8 keeps one byte a character while all are Latin-1, else two. */
function textBytes(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : text.length * 2;
}
