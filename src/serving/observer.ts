import type { PointerRejection } from '../domain/errors.ts';
import type { BreakerState } from '../resilience/breaker.ts';
import type { HedgeOutcome } from '../resilience/hedge.ts';
import type { Reason, Source } from './answer.ts';

export type CacheOutcome = 'hit' | 'aged' | 'unknown' | 'miss';
export type ReadOutcome = 'ok' | 'partly-throttled' | 'timeout' | 'throttled' | 'error' | 'table-missing';

/** How a warm-up ended: `superseded` by a newer pointer, or by the end of the server. */
export type WarmUpOutcome = 'complete' | 'out-of-time' | 'failed' | 'superseded';

/** What happens while serving, for whoever counts or logs it. No call carries a user id. */
export interface ServingObserver {
  /** A user was looked up in the cache. */
  cacheLookup(placement: string, outcome: CacheOutcome): void;
  /** One user's answer is ready. */
  answered(placement: string, source: Source, reason: Reason | undefined): void;
  /** One request to a table ended: a read, or the hedge of one. */
  tableRead(placement: string, outcome: ReadOutcome, users: number, seconds: number): void;
  /** A read was slow, and a second request made beside it; `outcome` is that of the second. */
  hedged(placement: string, outcome: HedgeOutcome, users: number): void;
  /** Users are asked for once more: a connection was dead, or the store left them unread. */
  retried(placement: string, users: number): void;
  /** A hedge or retry was not made, because extra reads had used up their share. */
  budgetDenied(placement: string, what: 'hedge' | 'retry'): void;
  /** An item of a table is not a prediction. */
  itemUnreadable(placement: string, version: string): void;
  breakerChanged(placement: string, state: BreakerState): void;
  pointerRead(placement: string): void;
  pointerUnreadable(placement: string, error: unknown): void;
  /** A pointer was seen and not adopted; `willRetry` where that may change while it stands. */
  pointerRejected(placement: string, reason: PointerRejection, message: string, willRetry: boolean): void;
  /** The hottest users were read into a version's cache before it goes live, or some of them. */
  warmedUp(placement: string, outcome: WarmUpOutcome, users: number, seconds: number): void;
  /** A placement has a live version, or a new epoch of the same one. */
  adopted(adoption: Adoption): void;
  /** The last good pointer could not be saved or used. */
  savedPointerFailed(placement: string, error: unknown): void;
}

export interface Adoption {
  readonly placement: string;
  readonly epoch: number;
  readonly version: string;
  readonly table: string;
  readonly generatedAt: string;
  readonly blocked: number;
  /** Whether the pointer keeps new versions from being activated. */
  readonly isHeld: boolean;
  readonly previousVersion: string | undefined;
  /** `pointer` where the pointer store said so; `saved` and `bootstrap` where it was away at start. */
  readonly from: 'pointer' | 'saved' | 'bootstrap';
  /** From the reading of the pointer to the swap. */
  readonly seconds: number;
}

/** One observer that tells several. */
export function observeAll(...observers: readonly Partial<ServingObserver>[]): ServingObserver {
  const tell = <K extends keyof ServingObserver>(name: K) => {
    type Listener = (...args: Parameters<ServingObserver[K]>) => void;
    const listeners = observers.flatMap(
      (observer) => (observer[name] as Listener | undefined)?.bind(observer) ?? [],
    );
    const [only] = listeners;
    // What happens in every request has one listener, which is then called without a detour.
    if (only !== undefined && listeners.length === 1) return only;
    return (...args: Parameters<ServingObserver[K]>): void =>
      listeners.forEach((listener) => listener(...args));
  };
  return {
    cacheLookup: tell('cacheLookup'),
    answered: tell('answered'),
    tableRead: tell('tableRead'),
    hedged: tell('hedged'),
    retried: tell('retried'),
    budgetDenied: tell('budgetDenied'),
    itemUnreadable: tell('itemUnreadable'),
    breakerChanged: tell('breakerChanged'),
    pointerRead: tell('pointerRead'),
    pointerUnreadable: tell('pointerUnreadable'),
    pointerRejected: tell('pointerRejected'),
    warmedUp: tell('warmedUp'),
    adopted: tell('adopted'),
    savedPointerFailed: tell('savedPointerFailed'),
  };
}
