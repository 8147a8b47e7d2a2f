import { randomInt } from 'node:crypto';
import { ALIGNMENT, recordText, type RecordContent, type Slab } from './slab.ts';
import { PLACES_PER_SLAB, SlabBudget, type SlabHolder } from './slab-budget.ts';
import { hashUser } from './user-hash.ts';
import { UserIndex } from './user-index.ts';

/** One user's prediction as it was read, with the answer most callers ask for. */
export interface Prediction {
  /** The stored text: other limits and exclusions are rendered from it. */
  readonly items: string;
  /** When it was read, in milliseconds of the service's clock. */
  readonly readAtMs: number;
  /** The text of the answer without parameters, and the blocked list it was rendered with. */
  readonly body: string;
  readonly blocked: ReadonlySet<string>;
}

/** The predictions of one version that were read lately, ready to send. */
export interface PredictionCache {
  /**
   * To be looked at at once: by the next `set`, of whatever user and version, it may have left. Its texts throw RangeError
   * then.
   */
  get(userId: string): Prediction | undefined;
  set(userId: string, prediction: Prediction): void;
  delete(userId: string): void;
  /** So many users at most, those asked for again and then those read last first. */
  hottest(count: number): Iterable<string>;
  /** Empties it for good: later sets are ignored. */
  retire(): void;
}

/** One byte budget for the caches of all versions in a process. */
export interface CacheBudget {
  readonly limitBytes: number;
  createCache(): PredictionCache;
  /** Memory that is taken: whole slabs, and the indexes of who lies where. */
  bytes(): number;
  entries(): number;
  /** Entries that left to make room, since the start. */
  evictions(): number;
}

const MAX_LABEL = 2 ** 24 - 1;

/** A record as it lies in its slab. */
class Kept implements Prediction {
  readonly readAtMs: number;
  readonly blocked: ReadonlySet<string>;
  readonly #slab: Slab;
  readonly #at: number;
  readonly #round: number;

  constructor(slab: Slab, at: number, blocked: ReadonlySet<string>) {
    this.readAtMs = slab.readAtMs(at);
    this.blocked = blocked;
    this.#slab = slab;
    this.#at = at;
    this.#round = slab.round;
  }

  get items(): string {
    return this.#present().items(this.#at);
  }

  get body(): string {
    return this.#present().body(this.#at);
  }

  /** Its slab, in which there may be others by now. */
  #present(): Slab {
    if (this.#slab.round !== this.#round) throw new RangeError('what was read has left the cache');
    return this.#slab;
  }
}

/**
 * Caches that share a limit in bytes. When it is reached, the version that holds most gives its oldest slab back: those
 * of its users who were asked for since then stay for another round, the others leave. As good a guess at who comes
 * again as the order of use, and nothing has to be moved when somebody comes.
 */
export function createCacheBudget(limitBytes: number): CacheBudget {
  const budget = new SlabBudget(limitBytes);
  return {
    limitBytes,
    bytes: () => budget.bytes(),
    entries: () => budget.entries(),
    evictions: () => budget.evictions,
    createCache: () => budget.admit(new SlabCache(budget)),
  };
}

class SlabCache implements PredictionCache, SlabHolder {
  readonly #budget: SlabBudget;
  readonly #index: UserIndex;
  /** So that nobody outside can know which users' hashes collide. */
  readonly #seed = randomInt(2 ** 32);
  /** The oldest first; records are appended to the last one. */
  #slabs: Slab[] = [];
  /** By the label of their records. One for each change of the blocked list while the version is live. */
  #blockedLists: ReadonlySet<string>[] = [];
  #isRetired = false;

  constructor(budget: SlabBudget) {
    this.#budget = budget;
    this.#index = new UserIndex((place, userId) => this.#slabOf(place).isOf(positionOf(place), userId));
  }

  get size(): number {
    return this.#index.size;
  }

  get indexBytes(): number {
    return this.#index.bytes;
  }

  get slabs(): number {
    return this.#slabs.length;
  }

  get(userId: string): Prediction | undefined {
    const place = this.#index.find(hashUser(userId, this.#seed), userId);
    if (place === undefined) return undefined;
    const slab = this.#slabOf(place);
    const at = positionOf(place);
    slab.setUsed(at, true);
    return new Kept(slab, at, this.#blockedLists[slab.label(at)]!);
  }

  set(userId: string, prediction: Prediction): void {
    if (this.#isRetired) return;
    const content: RecordContent = {
      userId,
      hash: hashUser(userId, this.#seed),
      body: prediction.body,
      items: prediction.items,
      readAtMs: prediction.readAtMs,
      label: this.#labelOf(prediction.blocked),
    };
    const text = recordText(content);
    if (text.recordBytes > this.#budget.largestRecord || content.label > MAX_LABEL)
      return this.delete(userId);
    const slab = this.#makeRoom(text.recordBytes);
    if (slab === undefined) return;
    this.#index.set(content.hash, userId, placeOf(slab, slab.append(content, text)));
  }

  delete(userId: string): void {
    const hash = hashUser(userId, this.#seed);
    const place = this.#index.find(hash, userId);
    if (place !== undefined) this.#index.delete(hash, place);
  }

  *hottest(count: number): Generator<string> {
    let left = count;
    for (const isUsed of [true, false]) {
      for (const slab of this.#slabs.toReversed()) {
        for (const at of [...slab.records()].reverse()) {
          if (left === 0) return;
          if (slab.isUsed(at) !== isUsed || !this.#isCurrent(slab, at)) continue;
          left -= 1;
          yield slab.userId(at);
        }
      }
    }
  }

  retire(): void {
    this.#isRetired = true;
    this.#budget.dismiss(this);
    this.#slabs.forEach((slab) => this.#budget.giveBack(slab));
    this.#slabs = [];
    this.#blockedLists = [];
    this.#index.clear();
  }

  giveUpOldest(): void {
    const slab = this.#slabs.shift();
    if (slab === undefined) return;
    for (const at of slab.records()) this.#evict(slab, at);
    this.#budget.giveBack(slab);
  }

  /** A slab with room for a record, while there is room for its user in the index; undefined where the limit leaves none. */
  #makeRoom(bytes: number): Slab | undefined {
    for (;;) {
      const isIndexFull = !this.#budget.hasRoom(this.#index.bytesToGrow);
      if (!isIndexFull) {
        const last = this.#slabs.at(-1);
        if (last?.hasRoom(bytes) === true) return last;
        const slab = this.#budget.take();
        if (slab !== undefined) {
          this.#slabs.push(slab);
          continue;
        }
      }
      const largest = this.#budget.largest();
      if (largest === undefined) return undefined;
      if (largest === this && !isIndexFull) this.#renewOldest();
      else largest.giveUpOldest();
    }
  }

  /** The oldest slab becomes the newest one; of its users those stay who were asked for. */
  #renewOldest(): void {
    const slab = this.#slabs.shift();
    if (slab === undefined) return;
    this.#slabs.push(slab);
    slab.compact(
      (at) => {
        const isKept = slab.isUsed(at) && this.#isCurrent(slab, at);
        slab.setUsed(at, false);
        return isKept;
      },
      (from, to) => {
        if (to === undefined) this.#evict(slab, from);
        else this.#index.move(slab.hash(from), placeOf(slab, from), placeOf(slab, to));
      },
    );
  }

  #evict(slab: Slab, at: number): void {
    if (!this.#isCurrent(slab, at)) return;
    this.#index.delete(slab.hash(at), placeOf(slab, at));
    this.#budget.evictions += 1;
  }

  /** A record that was replaced or deleted lies on in its slab. */
  #isCurrent(slab: Slab, at: number): boolean {
    return this.#index.holds(slab.hash(at), placeOf(slab, at));
  }

  #labelOf(blocked: ReadonlySet<string>): number {
    const known = this.#blockedLists.lastIndexOf(blocked);
    return known === -1 ? this.#blockedLists.push(blocked) - 1 : known;
  }

  #slabOf(place: number): Slab {
    return this.#budget.slabs[Math.floor(place / PLACES_PER_SLAB)]!;
  }
}

const placeOf = (slab: Slab, at: number) => slab.number * PLACES_PER_SLAB + at / ALIGNMENT;
const positionOf = (place: number) => (place % PLACES_PER_SLAB) * ALIGNMENT;
