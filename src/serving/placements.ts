import { isPlacement } from '../domain/ids.ts';
import { pause } from '../resilience/deadline.ts';
import type { LiveVersion } from './live-version.ts';
import { Placement, type PlacementParts } from './placement.ts';

export interface PlacementsOptions extends PlacementParts {
  /** The placements to serve; `*`: every one that has a pointer, as they appear. */
  readonly serve: '*' | readonly string[];
}

/** What a request for a placement finds. */
export type PlacementLookup =
  | { readonly kind: 'live'; readonly live: LiveVersion }
  /** There is no such placement, or it never had a pointer. */
  | { readonly kind: 'absent' }
  /** It may exist: its pointer has not been read, or its table not been verified, so far. */
  | { readonly kind: 'not-yet' };

const LIST_TIMEOUT_MS = 2000;
const ABSENT: PlacementLookup = { kind: 'absent' };
const NOT_YET: PlacementLookup = { kind: 'not-yet' };

/** All placements of a server. */
export class Placements {
  readonly #options: PlacementsOptions;
  readonly #placements = new Map<string, Placement>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];
  #isListed = false;
  #isStarted = false;

  constructor(options: PlacementsOptions) {
    this.#options = options;
  }

  /** Resolves when every placement known by then has had its first try, and goes on watching them and for others. */
  async start(): Promise<void> {
    const { serve } = this.#options;
    const names = serve === '*' ? await this.#firstNames() : serve;
    await Promise.all(names.map((name) => this.#open(name)));
    this.#isStarted = true;
    if (serve === '*') this.#running.push(this.#discover());
  }

  /** Whether something is live and every placement known at start has had its try. */
  get isReady(): boolean {
    return this.#isStarted && this.#hasLive();
  }

  all(): Iterable<Placement> {
    return this.#placements.values();
  }

  lookUp(name: string): PlacementLookup {
    const placement = this.#placements.get(name);
    if (placement?.live !== undefined) return { kind: 'live', live: placement.live };
    if (!this.#hasLive()) return NOT_YET;
    if (placement !== undefined) return placement.watcher.sight === 'absent' ? ABSENT : NOT_YET;
    return this.#options.serve !== '*' || this.#isListed ? ABSENT : NOT_YET;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#placements.values()].map((placement) => placement.close()));
    await Promise.all(this.#running);
  }

  #hasLive(): boolean {
    return this.#placements.values().some(({ live }) => live !== undefined);
  }

  async #open(name: string): Promise<void> {
    const placement = new Placement(name, this.#options);
    this.#placements.set(name, placement);
    await placement.start();
    this.#running.push(placement.watcher.run());
  }

  /**
   * Placements at start: those in the pointer store, and those that were saved or handed over. A pointer that is gone
   * takes no placement offline, not even over a restart: more often than not it is the store that has gone.
   */
  async #firstNames(): Promise<string[]> {
    const { saved, bootstrap, observer } = this.#options;
    const listed = (await this.#list()) ?? [];
    const remembered = await saved.placements().catch((error: unknown) => {
      observer.savedPointerFailed('*', error);
      return [];
    });
    return [...new Set([...listed, ...remembered, ...bootstrap.keys()])];
  }

  async #discover(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await pause(this.#options.pollMs, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      const names = (await this.#list()) ?? [];
      await Promise.all(names.filter((name) => !this.#placements.has(name)).map((name) => this.#open(name)));
    }
  }

  async #list(): Promise<string[] | undefined> {
    const { source, observer } = this.#options;
    try {
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(LIST_TIMEOUT_MS)]);
      const names = await source.listPlacements(signal);
      this.#isListed = true;
      return names.filter(isPlacement);
    } catch (error) {
      if (!this.#stop.signal.aborted) observer.pointerUnreadable('*', error);
      return undefined;
    }
  }
}
