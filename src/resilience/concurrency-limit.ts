/** Counts what is under way and refuses past a limit. */
export interface ConcurrencyLimit {
  /** Takes a place: true, and `leave` must follow; false where there is none. */
  tryEnter(): boolean;
  leave(): void;
  /** Calls back, once, when a place has become free; in the order of asking. It may be taken again by then. */
  whenFree(callback: () => void): void;
  inFlight(): number;
}

export function createConcurrencyLimit(limit: number): ConcurrencyLimit {
  const waiting: (() => void)[] = [];
  let inFlight = 0;
  return {
    tryEnter() {
      if (inFlight >= limit) return false;
      inFlight += 1;
      return true;
    },
    leave() {
      inFlight -= 1;
      // Whoever is called may have no need of it any more: then the next one is.
      while (inFlight < limit && waiting.length > 0) waiting.shift()?.();
    },
    whenFree(callback) {
      waiting.push(callback);
    },
    inFlight: () => inFlight,
  };
}
