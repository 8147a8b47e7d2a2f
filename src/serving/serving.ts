import type { ServerConfig } from '../config/config.ts';
import { decodePointer, type DecodePointer } from '../pointer/codec.ts';
import type { PointerSource } from '../pointer/pointer-source.ts';
import { createBudget } from '../resilience/budget.ts';
import { createConcurrencyLimit, type ConcurrencyLimit } from '../resilience/concurrency-limit.ts';
import { createLoadShedder, type LoadShedder } from '../resilience/load-shedder.ts';
import { MAX_USERS_PER_READ, type PredictionReader } from '../store/prediction-reader.ts';
import type { ServingObserver } from './observer.ts';
import { Placements } from './placements.ts';
import type { Adopted } from './pointer-watcher.ts';
import { createCacheBudget, type CacheBudget } from './prediction-cache.ts';
import { PredictionService } from './prediction-service.ts';
import type { SavedPointers } from './saved-pointers.ts';
import { createVerifier } from './verifier.ts';
import { VersionReads } from './version-reads.ts';
import { createWarmUp } from './warm-up.ts';

export interface ServingOptions {
  readonly config: Pick<
    ServerConfig,
    | 'placements'
    | 'pointerPollMs'
    | 'allowUnsealed'
    | 'requestDeadlineMs'
    | 'readTimeoutMs'
    | 'maxReadsInFlight'
    | 'maxUsersPerRead'
    | 'extraReadsShare'
    | 'cacheBytes'
    | 'cacheMaxAgeMs'
    | 'unknownMaxAgeMs'
    | 'warmUpUsers'
    | 'warmUpMs'
  >;
  readonly source: PointerSource;
  /** How pointers are read: `decodePointer` unless they must be signed. */
  readonly decode?: DecodePointer;
  readonly reader: PredictionReader;
  readonly saved: SavedPointers;
  /** Pointers by placement, to start from when the pointer store is away and nothing was saved. */
  readonly bootstrap: ReadonlyMap<string, Adopted>;
  readonly observer: ServingObserver;
  readonly shedder?: LoadShedder;
  /** Milliseconds, for the ages of what is cached, and for when a table is tried again. */
  readonly now?: () => number;
  /** Runs work when this turn of the event loop has taken in all that had come. */
  readonly atTurnEnd?: (work: () => void) => void;
}

/** The serving half, put together over its ports. */
export interface Serving {
  readonly placements: Placements;
  readonly service: PredictionService;
  readonly budget: CacheBudget;
  readonly limit: ConcurrencyLimit;
  readonly shedder: LoadShedder;
  /** Stops watching and measuring; source and reader stay open. */
  close(): Promise<void>;
}

// Work is shed when it waits this share of a request's time before it even starts.
const MAX_LATENESS = 0.2;
// Hedges and retries are saved up for one hedge of the largest batch. Nothing to begin with, so that they are no more
// than their share at any time.
const SAVED_EXTRA_READS = { most: MAX_USERS_PER_READ, first: 0 };

export function createServing(options: ServingOptions): Serving {
  const { config, source, decode = decodePointer, reader, saved, bootstrap, observer } = options;
  const { now = () => performance.now() } = options;
  const limit = createConcurrencyLimit(config.maxReadsInFlight);
  const budget = createCacheBudget(config.cacheBytes);
  const shedder =
    options.shedder ?? createLoadShedder({ maxLatenessMs: config.requestDeadlineMs * MAX_LATENESS });
  const shared = {
    reader,
    limit,
    maxTogether: config.maxUsersPerRead,
    budget: createBudget({ share: config.extraReadsShare, ...SAVED_EXTRA_READS }),
    timeoutMs: config.readTimeoutMs,
    requestDeadlineMs: config.requestDeadlineMs,
    observer,
    atTurnEnd: options.atTurnEnd,
  };
  const { allowUnsealed, cacheMaxAgeMs, unknownMaxAgeMs } = config;
  const service = new PredictionService({
    cacheMaxAgeMs,
    unknownMaxAgeMs,
    shedder,
    observer,
    now,
  });
  const placements = new Placements({
    serve: config.placements,
    source,
    decode,
    verify: createVerifier({ reader, allowUnsealed, now: Date.now }),
    allowUnsealed,
    saved,
    bootstrap,
    budget,
    openReads: (placement, table) => new VersionReads({ ...shared, placement, table }),
    warmUp: createWarmUp({
      reader,
      keep: (...args) => service.keep(...args),
      observer,
      users: config.warmUpUsers,
      ms: config.warmUpMs,
    }),
    observer,
    pollMs: config.pointerPollMs,
    now,
  });
  return {
    placements,
    service,
    budget,
    limit,
    shedder,
    async close() {
      await placements.close();
      shedder.close();
    },
  };
}
