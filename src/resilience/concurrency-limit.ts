/** Counts what is under way and refuses past a limit; it never queues. */
export interface ConcurrencyLimit {
  /** Takes a place: true, and `leave` must follow; false where there is none. */
  tryEnter(): boolean;
  leave(): void;
  inFlight(): number;
}

export function createConcurrencyLimit(limit: number): ConcurrencyLimit {
  let inFlight = 0;
  return {
    tryEnter() {
      if (inFlight >= limit) return false;
      inFlight += 1;
      return true;
    },
    leave() {
      inFlight -= 1;
    },
    inFlight: () => inFlight,
  };
}
