import { pause } from '../resilience/deadline.ts';
import type { Reason } from './answer.ts';
import { Batcher } from './batcher.ts';
import type { Prediction } from './prediction-cache.ts';
import { failureOf, TableReads, type TableReadsOptions } from './table-reads.ts';
import type { UserRead } from '../store/prediction-reader.ts';

/** Why a user could not be read. */
export type ReadFailure = Exclude<Reason, 'unknown-user'>;

/** What is known of a user after a look into memory or the table. */
export type Finding =
  | { readonly kind: 'fresh'; readonly prediction: Prediction }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'failed'; readonly reason: ReadFailure };

export interface VersionReadsOptions extends TableReadsOptions {
  /** Users of one read at most, 1 to MAX_USERS_PER_READ. */
  readonly maxTogether: number;
  /** A user waits for an answer so long at most, whatever happens to the reads. */
  readonly requestDeadlineMs: number;
  /** Runs work when this turn of the event loop has taken in all that had come; replaced in tests. */
  readonly atTurnEnd?: ((work: () => void) => void) | undefined;
}

/** Remembers what the table says of a user (the stored text, or undefined where it has none) and what that means. */
export type Keep = (userId: string, items: string | undefined) => Finding;

/** Takes what was found; must not throw. */
type Done = (finding: Finding) => void;

/** One user who is to be read, and everybody who waits for that. */
interface Waiter {
  readonly userId: string;
  readonly keep: Keep;
  readonly deadline: number;
  done: Done;
  /** Those who joined; there hardly ever are any. */
  others: Done[] | undefined;
  isSecondTry: boolean;
}

const NOBODY: Done = () => undefined;
const OVERLOADED: Finding = { kind: 'failed', reason: 'overloaded' };
const THROTTLED: Finding = { kind: 'failed', reason: 'store-throttled' };
const NOT_READ: Finding = { kind: 'failed', reason: 'store-error' };
// Whoever has less than this share of a read's time left gets no read: it would be made in vain.
const LEAST_TIME_SHARE = 0.5;
// Keys that the store left are asked for again after about this.
const RETRY_AFTER_MS = 10;

/** Reads of one version's users: in batches as they gather, one at a time for a user however many wait for it. */
export class VersionReads {
  readonly #options: VersionReadsOptions;
  readonly #table: TableReads;
  readonly #batcher: Batcher<Waiter>;
  readonly #waiters = new Map<string, Waiter>();
  /** What a read may take at most. */
  readonly #readMs: number;
  #isClosing = false;

  constructor(options: VersionReadsOptions) {
    const { limit, maxTogether, atTurnEnd } = options;
    this.#options = options;
    this.#readMs = Math.min(options.timeoutMs, options.requestDeadlineMs);
    this.#table = new TableReads(options);
    this.#batcher = new Batcher({
      limit,
      maxTogether,
      send: (waiters) => this.#read(waiters),
      ...(atTurnEnd && { atTurnEnd }),
    });
  }

  get breakerState() {
    return this.#table.breakerState;
  }

  /**
   * Calls `done` with a finding for the user, once, within the deadline: joins the read that is under way for it, or
   * starts one, whose result it hands to `keep`. Users of one request are best read together: `isOneOfMany`.
   */
  find(userId: string, keep: Keep, done: Done, isOneOfMany = false): void {
    const known = this.#waiters.get(userId);
    if (known !== undefined) return void (known.others ??= []).push(done);
    const deadline = performance.now() + this.#options.requestDeadlineMs;
    const waiter: Waiter = { userId, keep, deadline, done, others: undefined, isSecondTry: false };
    this.#waiters.set(userId, waiter);
    if (!this.#batcher.add(waiter, isOneOfMany)) this.#settle(waiter, OVERLOADED);
  }

  /** No new users come; those who wait are answered as they would have been. */
  close(): void {
    this.#isClosing = true;
    if (this.#waiters.size === 0) this.#table.close();
  }

  /** Reads these users together; every one of them is settled when it resolves, or waits for a second try. */
  async #read(waiting: readonly Waiter[]): Promise<void> {
    const now = performance.now();
    const waiters = waiting.filter((waiter) => {
      const isInTime = waiter.deadline - now >= this.#readMs * LEAST_TIME_SHARE;
      if (!isInTime) this.#settle(waiter, OVERLOADED);
      return isInTime;
    });
    const [oldest] = waiters;
    if (oldest === undefined) return;
    const userIds = waiters.map(({ userId }) => userId);
    const timeLeft = waiters.reduce((least, { deadline }) => Math.min(least, deadline), Infinity) - now;
    let reads: ReadonlyMap<string, UserRead>;
    try {
      const again = waiters.reduce((count, { isSecondTry }) => count + Number(isSecondTry), 0);
      reads = await this.#table.read(userIds, Math.min(this.#readMs, timeLeft), again);
    } catch (error) {
      const failed: Finding = { kind: 'failed', reason: failureOf(error) };
      for (const waiter of waiters) this.#settle(waiter, failed);
      return;
    }
    const left = waiters.filter((waiter) => !this.#take(waiter, reads.get(waiter.userId)));
    if (left.length > 0) this.#tryAgain(left);
  }

  /** Settles a user by what was read; false where the store left it unread. */
  #take(waiter: Waiter, read: UserRead | undefined): boolean {
    if (read?.kind === 'throttled') return false;
    this.#settle(waiter, read === undefined ? NOT_READ : waiter.keep(waiter.userId, textOf(read)));
    return true;
  }

  /** Keys that the store left unread are asked for once more where time and budget are there. */
  #tryAgain(waiters: readonly Waiter[]): void {
    const latest = performance.now() + RETRY_AFTER_MS * 1.5 + this.#readMs * LEAST_TIME_SHARE;
    const again = waiters.filter(({ isSecondTry, deadline }) => !isSecondTry && deadline > latest);
    const isPaid = again.length > 0 && this.#table.payForRetry(again.length);
    for (const waiter of waiters) {
      if (isPaid && again.includes(waiter)) waiter.isSecondTry = true;
      else this.#settle(waiter, THROTTLED);
    }
    if (!isPaid) return;
    void pause(RETRY_AFTER_MS * (0.5 + Math.random())).then(() => {
      for (const waiter of again) if (!this.#batcher.add(waiter)) this.#settle(waiter, OVERLOADED);
    });
  }

  #settle(waiter: Waiter, finding: Finding): void {
    const { userId, done, others } = waiter;
    this.#waiters.delete(userId);
    // A map that often grows and shrinks leaves tables behind, each of which holds the next one until the garbage
    // collector looks through all of the heap. They must not hold requests as well: that was a quarter of all CPU time.
    waiter.done = NOBODY;
    waiter.others = undefined;
    done(finding);
    others?.forEach((each) => each(finding));
    if (this.#isClosing && this.#waiters.size === 0) this.#table.close();
  }
}

/** The stored text; empty, which is no prediction, where the item has none. */
function textOf(read: UserRead): string | undefined {
  return read.kind === 'found' ? read.items : read.kind === 'unreadable' ? '' : undefined;
}
