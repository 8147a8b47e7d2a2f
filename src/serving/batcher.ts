import type { ConcurrencyLimit } from '../resilience/concurrency-limit.ts';

export interface BatcherOptions<T> {
  /** Sends in flight, shared with others. */
  readonly limit: ConcurrencyLimit;
  /** Most items of one send. */
  readonly maxTogether: number;
  /** Sends items, one or more; never rejects. */
  readonly send: (items: readonly T[]) => Promise<void>;
  /** Runs work when this turn of the event loop has taken in all that had come. */
  readonly atTurnEnd?: (work: () => void) => void;
}

// So few that came in one turn leave alone: a batch is as slow as its slowest key, and the CPU time is there.
const ALONE = 4;
// Waiting items at most. One send takes `maxTogether`, so they wait for one or two sends to end, not longer.
const MOST_WAITING = 256;

/**
 * Natural batching, without a timer: items gather only while the event loop is busy with taking them in, and leave
 * together at the end of its turn. An idle server sends each at once and alone; a busy one takes in more a turn, so
 * that its batches grow with the load. Past the limit of sends in flight they wait for one of them to end.
 */
export class Batcher<T> {
  readonly #options: BatcherOptions<T>;
  readonly #atTurnEnd: (work: () => void) => void;
  #waiting: T[] = [];
  /** Whether those that wait are to leave together, however few they are. */
  #isTogether = false;
  /** Whether a flush is on its way: at the end of this turn, or when a place becomes free. */
  #isFlushDue = false;

  constructor(options: BatcherOptions<T>) {
    this.#options = options;
    this.#atTurnEnd = options.atTurnEnd ?? setImmediate;
  }

  /** Takes an item that leaves soon, with others in any case if `isOneOfMany`; false where too many wait. */
  add(item: T, isOneOfMany = false): boolean {
    if (this.#waiting.length >= MOST_WAITING) return false;
    this.#waiting.push(item);
    this.#isTogether ||= isOneOfMany;
    if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      this.#atTurnEnd(this.#endTurn);
    } else if (this.#waiting.length >= this.#options.maxTogether) {
      this.#sendWhileFree(this.#options.maxTogether);
    }
    return true;
  }

  readonly #endTurn = (): void => {
    const isAlone = !this.#isTogether && this.#waiting.length <= ALONE;
    this.#isTogether = false;
    this.#flush(isAlone ? 1 : this.#options.maxTogether);
  };

  readonly #afterWait = (): void => this.#flush(this.#options.maxTogether);

  #flush(size: number): void {
    this.#sendWhileFree(size);
    this.#isFlushDue = this.#waiting.length > 0;
    if (this.#isFlushDue) this.#options.limit.whenFree(this.#afterWait);
  }

  #sendWhileFree(size: number): void {
    while (this.#waiting.length > 0 && this.#options.limit.tryEnter()) void this.#send(this.#take(size));
  }

  #take(size: number): readonly T[] {
    if (this.#waiting.length > size) return this.#waiting.splice(0, size);
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }

  async #send(items: readonly T[]): Promise<void> {
    try {
      await this.#options.send(items);
    } finally {
      this.#options.limit.leave();
    }
  }
}
