import { StoreThrottledError } from '../domain/errors.ts';
import { pause } from '../resilience/deadline.ts';
import type { PredictionReader } from '../store/prediction-reader.ts';
import type { LiveVersion } from './live-version.ts';
import type { ServingObserver, WarmUpOutcome } from './observer.ts';
import type { Keep } from './version-reads.ts';

export interface WarmUpOptions {
  readonly reader: Pick<PredictionReader, 'read'>;
  /** Remembers in a version's cache what its table says of a user. */
  readonly keep: (live: LiveVersion, ...args: Parameters<Keep>) => void;
  readonly observer: Pick<ServingObserver, 'warmedUp'>;
  /** Users at most; 0: none. */
  readonly users: number;
  /** Time at most. */
  readonly ms: number;
}

/**
 * Reads into the cache of `next`, which is not live yet, the users that are hottest in the cache of `before`. Resolves
 * when it is done, has taken its time, met a failure, or `signal` aborts: never rejects.
 */
export type WarmUp = (next: LiveVersion, before: LiveVersion, signal: AbortSignal) => Promise<void>;

// One read at a time, of few enough users that decoding them holds up no request.
const USERS_PER_READ = 50;
// A table that is new has little throughput, and every replica does this at about the same time.
const USERS_PER_SECOND = 5000;

export function createWarmUp({ reader, keep, observer, users, ms }: WarmUpOptions): WarmUp {
  return async (next, before, signal) => {
    const { placement, table } = next.pointer;
    const hottest = [...before.state.predictions.hottest(users)];
    if (hottest.length === 0) return;
    const startedAt = performance.now();
    const timeOut = AbortSignal.timeout(ms);
    const end = AbortSignal.any([signal, timeOut]);
    let read = 0;
    let outcome: WarmUpOutcome = 'complete';
    try {
      while (read < hottest.length) {
        const some = hottest.slice(read, read + USERS_PER_READ);
        const reads = await reader.read(table, some, end);
        for (const [userId, found] of reads) {
          if (found.kind === 'throttled') throw new StoreThrottledError(`table ${table} is throttled`);
          if (found.kind !== 'unreadable')
            keep(next, userId, found.kind === 'found' ? found.items : undefined);
        }
        read += some.length;
        if (read === hottest.length) break;
        const due = startedAt + (read / USERS_PER_SECOND) * 1000;
        await pause(Math.max(0, due - performance.now()), end);
        end.throwIfAborted();
      }
    } catch {
      outcome = signal.aborted ? 'superseded' : timeOut.aborted ? 'out-of-time' : 'failed';
    }
    observer.warmedUp(placement, outcome, read, (performance.now() - startedAt) / 1000);
  };
}
