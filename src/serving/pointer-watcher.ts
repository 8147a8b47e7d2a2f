import { messageOf, PointerRejectedError, type PointerRejection } from '../domain/errors.ts';
import { isSameVersion, type Pointer, type PointerContent } from '../domain/pointer.ts';
import type { DecodePointer } from '../pointer/codec.ts';
import type { PointerReading, PointerSource, PointerToken } from '../pointer/pointer-source.ts';
import { createHint, pause } from '../resilience/deadline.ts';
import type { ServingObserver } from './observer.ts';
import type { Verify } from './verifier.ts';

/** The pointer that a placement serves, as its watcher sees it. */
export interface Adopted {
  readonly pointer: Pointer;
  /** Of the content it came from; undefined for a bare table name. */
  readonly checksum: string | undefined;
}

export interface PointerWatcherOptions {
  readonly placement: string;
  readonly source: PointerSource;
  readonly decode: DecodePointer;
  readonly verify: Verify;
  readonly observer: ServingObserver;
  /** Time between two readings, ± 20 %, in milliseconds. */
  readonly pollMs: number;
  /** Milliseconds, for when to try again. */
  readonly now: () => number;
  /** What is being served now; before anything is, what was saved: nothing may fall behind it. */
  readonly current: () => Adopted | undefined;
  readonly isLive: () => boolean;
  /** Gets ready for a verified pointer, until `signal` aborts; undefined where nothing has to be waited for. */
  readonly prepare: (adopted: Adopted, signal: AbortSignal) => Promise<void> | undefined;
  /** Makes a verified pointer live: one assignment, in the same turn of the event loop. */
  readonly adopt: (adopted: Adopted, seconds: number) => void;
}

/** What the watcher knows of the pointer object. */
export type PointerSight = 'unread' | 'unreadable' | 'absent' | 'found';

/** A pointer that was seen but is not live yet: its table could not be verified so far. */
interface Candidate {
  readonly content: PointerContent;
  readonly seenAt: number;
  readonly failures: number;
  readonly retryAt: number;
}

const READ_TIMEOUT_MS = 2000;
const FIRST_RETRY_MS = 500;
// Whatever an activation met, it is adopted within half a minute of its end.
const LAST_RETRY_MS = 10_000;
const JITTER = 0.2;
// While one version is prepared, a newer pointer is looked for as often.
const LOOK_WHILE_PREPARING_MS = 500;

/**
 * Follows one placement's pointer. A store that is away, content that is malformed and tables that cannot be
 * verified change nothing that is served: they are counted, and looked at again.
 */
export class PointerWatcher {
  readonly #options: PointerWatcherOptions;
  readonly #stop = new AbortController();
  readonly #hint = createHint();
  #token: PointerToken | undefined;
  /** Content that did not go live so far. It may have been damaged on its way, so it is read in full again. */
  #doubted: Uint8Array | undefined;
  #candidate: Candidate | undefined;
  #polling: Promise<void> | undefined;
  #sight: PointerSight = 'unread';
  #refusal: PointerRejection | undefined;
  #lastReadAt: string | undefined;

  constructor(options: PointerWatcherOptions) {
    this.#options = options;
  }

  get sight(): PointerSight {
    return this.#sight;
  }

  /** Why what the pointer object holds is not live; undefined where nothing is against it. */
  get refusal(): PointerRejection | undefined {
    return this.#refusal;
  }

  /** When the pointer store last answered, ISO 8601. */
  get lastReadAt(): string | undefined {
    return this.#lastReadAt;
  }

  /** Reads again and again until closed: when the store hints at a change, and every poll interval whatever happens. */
  async run(): Promise<void> {
    const { source, placement, pollMs } = this.#options;
    const unwatch = source.watch(placement, () => this.#hint.give());
    try {
      for (;;) {
        const interval = pollMs * (1 - JITTER + 2 * JITTER * Math.random());
        const untilRetry =
          this.#candidate === undefined ? Infinity : this.#candidate.retryAt - this.#options.now();
        await this.#hint.wait(Math.max(0, Math.min(interval, untilRetry)), this.#stop.signal);
        if (this.#stop.signal.aborted) return;
        await this.poll();
      }
    } finally {
      unwatch();
    }
  }

  /** One reading and what follows from it; joins the one under way. Never rejects. */
  poll(): Promise<void> {
    this.#polling ??= this.#pollOnce().finally(() => (this.#polling = undefined));
    return this.#polling;
  }

  close(): void {
    this.#stop.abort();
  }

  get isClosed(): boolean {
    return this.#stop.signal.aborted;
  }

  async #pollOnce(): Promise<void> {
    await this.#read();
    let tried: Candidate | undefined;
    for (;;) {
      const candidate = this.#candidate;
      if (candidate === undefined || candidate === tried || candidate.retryAt > this.#options.now()) return;
      tried = candidate;
      await this.#tryToAdopt(candidate);
    }
  }

  /** Reads the pointer; a new one becomes the candidate. */
  async #read(): Promise<void> {
    const { source, placement, observer } = this.#options;
    try {
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(READ_TIMEOUT_MS)]);
      const known = this.#doubted === undefined ? this.#token : undefined;
      const reading = await source.read(placement, signal, known);
      observer.pointerRead(placement);
      this.#lastReadAt = new Date().toISOString();
      if (reading.kind === 'unchanged' || this.#isDoubted(reading)) return;
      this.#candidate = undefined;
      this.#doubted = undefined;
      this.#refusal = undefined;
      this.#token = reading.kind === 'found' ? reading.token : undefined;
      this.#sight = reading.kind;
      if (reading.kind === 'found') this.#consider(reading.content);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      if (this.#sight === 'unread') this.#sight = 'unreadable';
      observer.pointerUnreadable(placement, error);
    }
  }

  /** Whether this is what was read before and did not go live: refused once, or tried again in its own time. */
  #isDoubted(reading: PointerReading): boolean {
    if (this.#doubted === undefined || reading.kind !== 'found' || reading.token !== this.#token)
      return false;
    return Buffer.compare(this.#doubted, reading.content) === 0;
  }

  #consider(bytes: Uint8Array): void {
    this.#doubted = bytes;
    try {
      const { decode, placement } = this.#options;
      const content = decode(bytes, placement);
      if (content.kind === 'pointer' && !this.#isNews(content.pointer, content.checksum)) {
        this.#doubted = undefined;
        return;
      }
      const now = this.#options.now();
      this.#candidate = { content, seenAt: now, failures: 0, retryAt: now };
    } catch (error) {
      this.#reject(error, false);
    }
  }

  /** Whether a pointer is to be adopted: false for the one that is served; throws for one that is older. */
  #isNews(pointer: Pointer, checksum: string): boolean {
    const current = this.#options.current();
    if (current === undefined || pointer.epoch > current.pointer.epoch) return true;
    if (pointer.epoch === current.pointer.epoch && checksum === current.checksum)
      return !this.#options.isLive();
    throw new PointerRejectedError(
      'epoch-not-higher',
      `the pointer has epoch ${pointer.epoch} and version ${pointer.version}; epoch ${current.pointer.epoch} with ` +
        `version ${current.pointer.version} is being served. Write a higher epoch: topshelf activate or rollback does`,
    );
  }

  async #tryToAdopt(candidate: Candidate): Promise<void> {
    const { placement, verify, current, adopt } = this.#options;
    const { content, seenAt } = candidate;
    try {
      const served = current()?.pointer;
      // What is served or was saved has been verified: a product is blocked also while the table cannot be read.
      const pointer =
        served !== undefined && content.kind === 'pointer' && isSameVersion(served, content.pointer)
          ? content.pointer
          : await verify(placement, content, served, this.#stop.signal);
      const checksum = content.kind === 'pointer' ? content.checksum : undefined;
      const adopted = { pointer, checksum };
      if (!(await this.#prepare(candidate, adopted)) || this.#stop.signal.aborted) return;
      this.#candidate = undefined;
      this.#doubted = undefined;
      this.#refusal = undefined;
      adopt(adopted, (this.#options.now() - seenAt) / 1000);
    } catch (error) {
      const failures = candidate.failures + 1;
      const backoff = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
      const retryAt = this.#options.now() + backoff * (1 - JITTER * Math.random());
      this.#candidate = { content, seenAt, failures, retryAt };
      this.#reject(error, true);
    }
  }

  /**
   * Resolves when the candidate can be adopted; with false, at once, where a newer pointer has come meanwhile: whoever
   * rolls back waits for no preparation.
   */
  async #prepare(candidate: Candidate, adopted: Adopted): Promise<boolean> {
    if (this.#stop.signal.aborted) return false;
    const superseded = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, superseded.signal]);
    const preparing = this.#options.prepare(adopted, signal);
    if (preparing === undefined) return true;
    const ready = preparing.then(() => true);
    for (;;) {
      const isReady = await Promise.race([ready, pause(LOOK_WHILE_PREPARING_MS, signal).then(() => false)]);
      if (isReady || signal.aborted) return isReady;
      await this.#read();
      if (this.#candidate !== candidate) {
        superseded.abort();
        return false;
      }
    }
  }

  #reject(error: unknown, willRetry: boolean): void {
    const { placement, observer } = this.#options;
    const reason = error instanceof PointerRejectedError ? error.reason : 'malformed';
    this.#refusal = reason;
    observer.pointerRejected(placement, reason, messageOf(error), willRetry);
  }
}
