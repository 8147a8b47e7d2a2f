import type { Pointer } from '../domain/pointer.ts';
import type { PointerSource } from '../pointer/pointer-source.ts';
import { createLiveVersion, retire, type LiveVersion } from './live-version.ts';
import type { Adoption, ServingObserver } from './observer.ts';
import { PointerWatcher, type Adopted } from './pointer-watcher.ts';
import type { CacheBudget } from './prediction-cache.ts';
import type { SavedPointers } from './saved-pointers.ts';
import type { Verify } from './verifier.ts';
import type { VersionReads } from './version-reads.ts';

/** What every placement of a server shares. */
export interface PlacementParts {
  readonly source: PointerSource;
  readonly verify: Verify;
  readonly saved: SavedPointers;
  /** By placement. */
  readonly bootstrap: ReadonlyMap<string, Pointer>;
  readonly budget: CacheBudget;
  readonly openReads: (placement: string, table: string) => VersionReads;
  readonly observer: ServingObserver;
  readonly pollMs: number;
}

/** One placement of a server: its live version, and the watcher that swaps it. */
export class Placement {
  readonly name: string;
  readonly watcher: PointerWatcher;
  readonly #parts: PlacementParts;
  #live: LiveVersion | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(name: string, parts: PlacementParts) {
    this.name = name;
    this.#parts = parts;
    this.watcher = new PointerWatcher({
      placement: name,
      source: parts.source,
      verify: parts.verify,
      observer: parts.observer,
      pollMs: parts.pollMs,
      current: () => this.#live,
      adopt: (adopted, seconds) => {
        this.#adopt(adopted, 'pointer', seconds);
        this.#save(adopted.pointer);
      },
    });
  }

  /** What requests are answered from; they read it once. */
  get live(): LiveVersion | undefined {
    return this.#live;
  }

  /** Reads the pointer once; where that gives nothing to serve, takes the saved or the bootstrap pointer. */
  async start(): Promise<void> {
    await this.watcher.poll();
    if (this.#live === undefined) await this.#startFromSaved();
  }

  /** Stops the watcher and waits until the last pointer is saved. */
  async close(): Promise<void> {
    this.watcher.close();
    if (this.#live !== undefined) retire(this.#live.state);
    await this.#saving;
  }

  async #startFromSaved(): Promise<void> {
    const { saved, bootstrap, observer } = this.#parts;
    try {
      const pointer = await saved.load(this.name);
      if (pointer !== undefined) return this.#adopt({ pointer, checksum: undefined }, 'saved', 0);
    } catch (error) {
      observer.savedPointerFailed(this.name, error);
    }
    const pointer = bootstrap.get(this.name);
    if (pointer !== undefined) this.#adopt({ pointer, checksum: undefined }, 'bootstrap', 0);
  }

  /** The swap: one assignment. */
  #adopt({ pointer, checksum }: Adopted, from: Adoption['from'], seconds: number): void {
    const { budget, openReads, observer } = this.#parts;
    const previous = this.#live;
    const next = createLiveVersion({
      pointer,
      checksum,
      adoptedAt: new Date().toISOString(),
      previous,
      budget,
      openReads: (table) => openReads(this.name, table),
    });
    this.#live = next;
    if (previous !== undefined && previous.state !== next.state) retire(previous.state);
    observer.adopted({
      placement: this.name,
      epoch: pointer.epoch,
      version: pointer.version,
      table: pointer.table,
      generatedAt: pointer.generatedAt,
      blocked: next.blocked.size,
      previousVersion: previous?.pointer.version,
      from,
      seconds,
    });
  }

  /** Saves in the background, one after the other; a full disk changes nothing that is served. */
  #save(pointer: Pointer): void {
    const { saved, observer } = this.#parts;
    this.#saving = this.#saving
      .then(() => saved.save(pointer))
      .catch((error: unknown) => observer.savedPointerFailed(this.name, error));
  }
}
