/** How much may be under way at once: more while all goes well, half as much when something is refused. */
export interface AdaptiveLimit {
  /** Resolves with a ticket when there is room; `leave` must follow. */
  enter(): Promise<Ticket>;
  leave(): void;
  /** What the ticket was taken for has succeeded. */
  succeeded(): void;
  /** It was refused. Of all that were under way together only the first one halves the limit. */
  refused(ticket: Ticket): void;
  /** So many may be under way now, a whole number from 1. */
  current(): number;
}

/** How often the limit had been halved when it was taken. */
export type Ticket = number;

/**
 * Additive increase, multiplicative decrease (Chiu and Jain 1989): a whole limit's worth of successes adds one, so
 * that each adds 1 / limit; a refusal halves. It grows only while it is used up: an idle limit has proved nothing.
 */
export function createAdaptiveLimit({ first, most }: { first: number; most: number }): AdaptiveLimit {
  let limit = Math.min(first, most);
  let inFlight = 0;
  let halvings = 0;
  const waiting: (() => void)[] = [];

  const admit = () => {
    while (inFlight < Math.floor(limit)) {
      const next = waiting.shift();
      if (next === undefined) return;
      inFlight += 1;
      next();
    }
  };

  return {
    enter() {
      return new Promise((resolve) => {
        waiting.push(() => resolve(halvings));
        admit();
      });
    },
    leave() {
      inFlight -= 1;
      admit();
    },
    succeeded() {
      if (inFlight >= Math.floor(limit)) limit = Math.min(most, limit + 1 / limit);
      admit();
    },
    refused(ticket) {
      if (ticket !== halvings) return;
      limit = Math.max(1, limit / 2);
      halvings += 1;
    },
    current: () => Math.floor(limit),
  };
}
