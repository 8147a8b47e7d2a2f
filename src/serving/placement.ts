import { isSameVersion, type Pointer } from '../domain/pointer.ts';
import type { DecodePointer } from '../pointer/codec.ts';
import type { PointerSource } from '../pointer/pointer-source.ts';
import { within } from '../resilience/deadline.ts';
import { createLiveVersion, retire, type LiveVersion } from './live-version.ts';
import type { Adoption, ServingObserver } from './observer.ts';
import { PointerWatcher, type Adopted } from './pointer-watcher.ts';
import type { CacheBudget } from './prediction-cache.ts';
import type { SavedPointers } from './saved-pointers.ts';
import type { Verify } from './verifier.ts';
import type { WarmUp } from './warm-up.ts';
import type { VersionReads } from './version-reads.ts';

/** What every placement of a server shares. */
export interface PlacementParts {
  readonly source: PointerSource;
  readonly decode: DecodePointer;
  readonly verify: Verify;
  /** Whether `verify` lets tables without a seal pass. */
  readonly allowUnsealed: boolean;
  readonly saved: SavedPointers;
  /** By placement. */
  readonly bootstrap: ReadonlyMap<string, Adopted>;
  readonly budget: CacheBudget;
  readonly openReads: (placement: string, table: string) => VersionReads;
  readonly warmUp: WarmUp;
  readonly observer: ServingObserver;
  readonly pollMs: number;
  /** Milliseconds, for when a table is tried again. */
  readonly now: () => number;
}

const LAST_SAVE_MS = 1000;
// A disk that was full is tried again: whoever starts without the pointer store must not start from an older version.
const SAVE_AGAIN_MS = 10_000;

/** One placement of a server: its live version, and the watcher that swaps it. */
export class Placement {
  readonly name: string;
  readonly watcher: PointerWatcher;
  readonly #parts: PlacementParts;
  #live: LiveVersion | undefined;
  /** What goes live next, if it is adopted. */
  #next: LiveVersion | undefined;
  /** What was served before the process started, or handed to it; counts as verified. */
  #remembered: (Adopted & { readonly from: 'saved' | 'bootstrap' }) | undefined;
  #saving: Promise<void> = Promise.resolve();
  #saveAgain: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(name: string, parts: PlacementParts) {
    this.name = name;
    this.#parts = parts;
    this.watcher = new PointerWatcher({
      placement: name,
      source: parts.source,
      decode: parts.decode,
      verify: parts.verify,
      observer: parts.observer,
      pollMs: parts.pollMs,
      now: parts.now,
      current: () => this.#live ?? this.#remembered,
      isLive: () => this.#live !== undefined,
      prepare: (adopted, signal) => this.#prepare(adopted, signal),
      adopt: (adopted, seconds) => {
        this.#adopt(adopted, 'pointer', seconds);
        this.#save(adopted);
      },
    });
  }

  /** What requests are answered from; they read it once. */
  get live(): LiveVersion | undefined {
    return this.#live;
  }

  /** Reads the pointer once; where that gives nothing to serve, takes the saved or the bootstrap pointer. */
  async start(): Promise<void> {
    this.#remembered = await this.#remember();
    await this.watcher.poll();
    if (this.#live === undefined && this.#remembered !== undefined && !this.watcher.isClosed) {
      this.#adopt(this.#remembered, this.#remembered.from, 0);
    }
  }

  /** Stops the watcher and waits until the last pointer is saved, but not for a disk that hangs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#saveAgain);
    this.watcher.close();
    this.#forgetNext();
    if (this.#live !== undefined) retire(this.#live.state);
    await within(LAST_SAVE_MS, this.#saving, () => undefined);
  }

  async #remember() {
    const { saved, bootstrap, observer } = this.#parts;
    try {
      const adopted = await saved.load(this.name);
      if (adopted !== undefined) return { ...adopted, from: 'saved' as const };
    } catch (error) {
      observer.savedPointerFailed(this.name, error);
    }
    const adopted = bootstrap.get(this.name);
    return adopted && { ...adopted, from: 'bootstrap' as const };
  }

  /**
   * Warms up a version that takes over from another one; undefined where there is nothing to wait for. A rollback, or
   * a table named by hand, is a hold: whoever takes one wants what is served to end now.
   */
  #prepare(adopted: Adopted, signal: AbortSignal): Promise<void> | undefined {
    const before = this.#live;
    const { pointer } = adopted;
    if (before === undefined || isSameVersion(before.pointer, pointer) || pointer.hold !== null)
      return undefined;
    this.#forgetNext();
    this.#next = this.#create(adopted);
    return this.#parts.warmUp(this.#next, before, signal);
  }

  #create({ pointer, checksum }: Adopted): LiveVersion {
    const { allowUnsealed, budget, openReads } = this.#parts;
    return createLiveVersion({
      pointer,
      checksum,
      adoptedAt: new Date().toISOString(),
      previous: this.#live,
      isSealed: !allowUnsealed,
      budget,
      openReads: (table) => openReads(this.name, table),
    });
  }

  /** What was prepared for this pointer; anything else that was is forgotten. */
  #takeNext(pointer: Pointer): LiveVersion | undefined {
    const next = this.#next;
    if (next?.pointer !== pointer) this.#forgetNext();
    this.#next = undefined;
    return next?.pointer === pointer ? { ...next, adoptedAt: new Date().toISOString() } : undefined;
  }

  #forgetNext(): void {
    if (this.#next !== undefined) retire(this.#next.state);
    this.#next = undefined;
  }

  /** The swap: one assignment. */
  #adopt(adopted: Adopted, from: Adoption['from'], seconds: number): void {
    const { observer } = this.#parts;
    const { pointer } = adopted;
    const previous = this.#live;
    const next = this.#takeNext(pointer) ?? this.#create(adopted);
    this.#live = next;
    if (previous !== undefined && previous.state !== next.state) retire(previous.state);
    observer.adopted({
      placement: this.name,
      epoch: pointer.epoch,
      version: pointer.version,
      table: pointer.table,
      generatedAt: pointer.generatedAt,
      blocked: next.blocked.size,
      isHeld: pointer.hold !== null,
      previousVersion: previous?.pointer.version,
      from,
      seconds,
    });
  }

  /** Saves in the background, one after the other; a full disk changes nothing that is served. */
  #save(adopted: Adopted): void {
    const { saved, observer } = this.#parts;
    clearTimeout(this.#saveAgain);
    this.#saving = this.#saving
      .then(() => saved.save(adopted.pointer))
      .catch((error: unknown) => {
        observer.savedPointerFailed(this.name, error);
        if (this.#isClosed || this.#live?.pointer !== adopted.pointer) return;
        this.#saveAgain = setTimeout(() => this.#save(adopted), SAVE_AGAIN_MS);
        this.#saveAgain.unref();
      });
  }
}
