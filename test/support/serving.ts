import { onTestFinished } from 'vitest';
import { createMemoryPointers, type MemoryPointers } from '../../src/pointer/memory.ts';
import type { Pointer } from '../../src/domain/pointer.ts';
import type { PointerSource } from '../../src/pointer/pointer-source.ts';
import { observeAll, type Adoption, type ServingObserver } from '../../src/serving/observer.ts';
import { decodePointer, encodePointer } from '../../src/pointer/codec.ts';
import type { Adopted } from '../../src/serving/pointer-watcher.ts';
import type { SavedPointers } from '../../src/serving/saved-pointers.ts';
import { createServing, type Serving, type ServingOptions } from '../../src/serving/serving.ts';
import type { PredictionReader } from '../../src/store/prediction-reader.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory.ts';
import type { Answer } from '../../src/serving/answer.ts';
import type { LiveVersion } from '../../src/serving/live-version.ts';
import type { PredictionService } from '../../src/serving/prediction-service.ts';
import { NOTHING_EXCLUDED, type Wish } from '../../src/serving/rendering.ts';

export interface ServingFixture {
  readonly pointers: MemoryPointers;
  readonly store: MemoryStore;
  readonly serving: Serving;
  readonly seen: Seen;
}

/** What the observer was told. */
export interface Seen {
  readonly adoptions: Adoption[];
  readonly rejections: { placement: string; reason: string; message: string; willRetry: boolean }[];
  readonly unreadable: string[];
  readonly savedPointerErrors: unknown[];
  readonly breaker: string[];
}

export interface FixtureOptions extends Partial<
  Pick<ServingOptions, 'shedder' | 'now' | 'saved' | 'decode'>
> {
  readonly config?: Partial<ServingOptions['config']>;
  readonly pointers?: MemoryPointers;
  /** Where servers find their pointers; `pointers` unless it is given. */
  readonly source?: PointerSource;
  readonly store?: MemoryStore;
  /** What reads go to, in place of `store`. */
  readonly reader?: PredictionReader;
  readonly bootstrap?: ReadonlyMap<string, Adopted>;
  readonly observer?: Partial<ServingObserver>;
}

/** The serving half over memory adapters, not started. It closes with the test. */
export function openServing(options: FixtureOptions = {}): ServingFixture {
  const pointers = options.pointers ?? createMemoryPointers();
  const store = options.store ?? createMemoryStore();
  const seen: Seen = { adoptions: [], rejections: [], unreadable: [], savedPointerErrors: [], breaker: [] };
  const recorder: Partial<ServingObserver> = {
    adopted: (adoption) => seen.adoptions.push(adoption),
    pointerRejected: (placement, reason, message, willRetry) =>
      seen.rejections.push({ placement, reason, message, willRetry }),
    pointerUnreadable: (placement) => seen.unreadable.push(placement),
    savedPointerFailed: (_, error) => seen.savedPointerErrors.push(error),
    breakerChanged: (_, state) => seen.breaker.push(state),
  };
  const serving = createServing({
    config: {
      placements: ['home'],
      pointerPollMs: 60_000, // tests poll themselves
      allowUnsealed: false,
      requestDeadlineMs: 2000,
      readTimeoutMs: 1000,
      maxReadsInFlight: 64,
      maxUsersPerRead: 100,
      extraReadsShare: 0.1,
      cacheBytes: 10 * 1024 * 1024,
      cacheMaxAgeMs: 600_000,
      unknownMaxAgeMs: 30_000,
      warmUpUsers: 10_000,
      warmUpMs: 2000,
      ...options.config,
    },
    source: options.source ?? pointers,
    reader: options.reader ?? store,
    saved: options.saved ?? createMemorySavedPointers(),
    bootstrap: options.bootstrap ?? new Map<string, Adopted>(),
    observer: observeAll(recorder, options.observer ?? {}),
    shedder: options.shedder ?? neverShedding,
    ...(options.now && { now: options.now }),
    ...(options.decode && { decode: options.decode }),
  });
  onTestFinished(() => serving.close());
  return { pointers, store, serving, seen };
}

const neverShedding = { admit: () => true, shedShare: () => 0, close: () => undefined };

/** Saved pointers that live as long as the object: shared by two fixtures, they stand for one server's restart. */
export function createMemorySavedPointers(): SavedPointers {
  const kept = new Map<string, Adopted>();
  return {
    save: async (pointer) => void kept.set(pointer.placement, adoptedOf(pointer)),
    load: async (placement) => kept.get(placement),
    placements: async () => [...kept.keys()],
  };
}

/** A pointer with its checksum, as it comes out of a file. */
export function adoptedOf(pointer: Pointer): Adopted {
  const content = decodePointer(Buffer.from(encodePointer(pointer)), pointer.placement);
  if (content.kind === 'bare') throw new Error('not a pointer');
  return content;
}

/** Reads the pointer of a placement again, as its watcher would at the next interval. */
export async function poll({ serving }: ServingFixture, placement = 'home'): Promise<void> {
  for (const each of serving.placements.all()) if (each.name === placement) await each.watcher.poll();
}

export interface Told {
  readonly userId: string;
  readonly version: string;
  readonly source: string;
  readonly reason?: string;
  readonly recommendations: readonly { productId: string; score: number }[];
}

/** What a placement answers a user now; fails where it has no live version. */
export async function ask(
  { serving }: ServingFixture,
  userId: string,
  wish: Partial<Wish> = {},
  placement = 'home',
): Promise<Told> {
  const found = serving.placements.lookUp(placement);
  if (found.kind !== 'live') throw new Error(`placement ${placement} is ${found.kind}`);
  return told(await answerOf(serving.service, found.live, userId, wishOf(wish)));
}

/** The service's answer to one user, as a promise. */
export function answerOf(
  service: PredictionService,
  ...[live, userId, wish]: [live: LiveVersion, userId: string, wish: Wish]
): Promise<Answer> {
  return new Promise((resolve) => service.answer(live, userId, wish, resolve));
}

export function wishOf(wish: Partial<Wish>): Wish {
  return { limit: 5, excluded: NOTHING_EXCLUDED, fallback: 'popular', ...wish };
}

export function told(answer: Answer): Told {
  return JSON.parse(answer.body) as Told;
}

export function products({ recommendations }: Told): string[] {
  return recommendations.map(({ productId }) => productId);
}
