import type { Answer } from './answer.ts';
import { FREE_PARTS, Slab, type Placed } from './slab.ts';

/** One user's prediction as it was read, with the answer most callers ask for. */
export interface Prediction {
  /** The stored text: other limits and exclusions are rendered from it. */
  readonly items: string;
  /** When it was read, in milliseconds of the service's clock. */
  readonly readAtMs: number;
  /** The answer without parameters, and the blocked list it was rendered with. */
  readonly answer: Answer;
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
  /** Memory that is taken: whole slabs, and what an entry takes on the heap. */
  bytes(): number;
  entries(): number;
  /** Entries that left to make room, since the start. */
  evictions(): number;
}

// What an entry takes on the heap: the object, the id, the slots in map and slab. Measured: 200 to 260 bytes.
const ENTRY_HEAP_BYTES = 250;
// A slab is what is given back at once: small enough that it takes no millisecond, and that many placements have theirs.
const SLABS_OF_LIMIT = 256;
const SLAB_BYTES = { least: 64 * 1024, most: 1024 * 1024 };
// Quotes and SHA-1 in base64url: every answer that is kept has a validator.
const ETAG_CHARACTERS = 29;

/** What the cache knows of a prediction; the texts lie in a slab, as validator, body and items in one. */
class Entry implements Prediction, Placed {
  readonly userId: string;
  readonly readAtMs: number;
  readonly blocked: ReadonlySet<string>;
  at: number;
  readonly bytes: number;
  readonly #slab: Slab<Entry>;
  readonly #itemsBytes: number;
  readonly #encoding: 'latin1' | 'utf8';
  /** Whether it was asked for since it was written: then it stays for one more round. */
  isUsed = false;

  constructor(userId: string, { readAtMs, blocked }: Prediction, text: Text, slab: Slab<Entry>) {
    this.userId = userId;
    this.readAtMs = readAtMs;
    this.blocked = blocked;
    this.#slab = slab;
    this.bytes = text.bytes;
    this.#itemsBytes = text.itemsBytes;
    this.#encoding = text.encoding;
    this.at = slab.append(text.text, text.bytes, text.encoding);
  }

  get items(): string {
    const end = this.at + this.bytes;
    return this.#slab.read(end - this.#itemsBytes, end, this.#encoding);
  }

  get answer(): Answer {
    const end = this.at + this.bytes - this.#itemsBytes;
    const text = this.#slab.read(this.at, end, this.#encoding);
    return {
      source: 'personalized',
      body: text.slice(ETAG_CHARACTERS),
      etag: text.slice(0, ETAG_CHARACTERS),
    };
  }
}

interface Text {
  readonly text: string;
  readonly bytes: number;
  readonly itemsBytes: number;
  readonly encoding: 'latin1' | 'utf8';
}

/** What a prediction is kept as. ASCII, which nearly all is, is copied as it stands. */
function textOf({ items, answer: { body, etag = '' } }: Prediction): Text {
  const text = etag + body + items;
  const bytes = Buffer.byteLength(text);
  const isAscii = bytes === text.length;
  const itemsBytes = isAscii ? items.length : Buffer.byteLength(items);
  return { text, bytes, itemsBytes, encoding: isAscii ? 'latin1' : 'utf8' };
}

/**
 * Caches that share a limit in bytes. When it is reached, the version that holds most gives its oldest slab back: those
 * of its users who were asked for since then stay for another round, the others leave. As good a guess at who comes
 * again as the order of use, and nothing has to be moved when somebody comes.
 */
export function createCacheBudget(limitBytes: number): CacheBudget {
  const slabBytes = Math.min(SLAB_BYTES.most, Math.max(SLAB_BYTES.least, limitBytes / SLABS_OF_LIMIT)) | 0;
  const caches = new Set<SlabCache>();
  const free: Buffer[] = [];
  let slabs = 0;
  let evicted = 0;

  /** Asked at every set: no more than a loop. */
  function entries(): number {
    let total = 0;
    for (const { size } of caches) total += size;
    return total;
  }
  const bytes = () => slabs * slabBytes + entries() * ENTRY_HEAP_BYTES;

  const memory: SlabMemory = {
    largestRecord: Math.floor(slabBytes / FREE_PARTS),
    take() {
      slabs += 1;
      return new Slab<Entry>(free.pop() ?? Buffer.allocUnsafeSlow(slabBytes));
    },
    giveBack(slab) {
      slabs -= 1;
      free.push(slab.release());
    },
    isFull: (more) => bytes() + ENTRY_HEAP_BYTES + more * slabBytes > limitBytes,
    largest() {
      let found: SlabCache | undefined;
      for (const cache of caches) if (found === undefined || cache.slabs > found.slabs) found = cache;
      return found;
    },
    onEvicted: () => (evicted += 1),
    onRetired: (cache) => caches.delete(cache),
  };

  return {
    limitBytes,
    bytes,
    entries,
    evictions: () => evicted,
    createCache() {
      const cache = new SlabCache(memory);
      caches.add(cache);
      return cache;
    },
  };
}

/** The slabs that all caches of a budget take from. */
interface SlabMemory {
  /** In bytes; what is longer is not kept. */
  readonly largestRecord: number;
  take(): Slab<Entry>;
  giveBack(slab: Slab<Entry>): void;
  /** Whether one more entry, and so many more slabs, would be over the limit. */
  isFull(moreSlabs: 0 | 1): boolean;
  /** The cache with the most slabs. */
  largest(): SlabCache | undefined;
  onEvicted(): void;
  onRetired(cache: SlabCache): void;
}

class SlabCache implements PredictionCache {
  readonly #memory: SlabMemory;
  readonly #entries = new Map<string, Entry>();
  /** The oldest first; records are appended to the last one. */
  #slabs: Slab<Entry>[] = [];
  #isRetired = false;

  constructor(memory: SlabMemory) {
    this.#memory = memory;
  }

  get size(): number {
    return this.#entries.size;
  }

  get slabs(): number {
    return this.#slabs.length;
  }

  get(userId: string): Prediction | undefined {
    const entry = this.#entries.get(userId);
    if (entry !== undefined) entry.isUsed = true;
    return entry;
  }

  set(userId: string, prediction: Prediction): void {
    if (this.#isRetired) return;
    const text = textOf(prediction);
    if (text.bytes > this.#memory.largestRecord) return this.delete(userId);
    const slab = this.#slabFor(text.bytes);
    if (slab === undefined) return;
    const entry = new Entry(userId, prediction, text, slab);
    slab.records.push(entry);
    this.#entries.set(userId, entry);
  }

  delete(userId: string): void {
    this.#entries.delete(userId);
  }

  *hottest(count: number): Generator<string> {
    let left = count;
    for (const isUsed of [true, false]) {
      for (const slab of this.#slabs.toReversed()) {
        for (const entry of slab.records.toReversed()) {
          if (left === 0) return;
          if (entry.isUsed !== isUsed || !this.#isCurrent(entry)) continue;
          left -= 1;
          yield entry.userId;
        }
      }
    }
  }

  retire(): void {
    this.#isRetired = true;
    this.#memory.onRetired(this);
    this.#slabs.forEach((slab) => this.#memory.giveBack(slab));
    this.#slabs = [];
    this.#entries.clear();
  }

  /** A slab with room for a record; undefined where the limit leaves none. */
  #slabFor(bytes: number): Slab<Entry> | undefined {
    for (;;) {
      const last = this.#slabs.at(-1);
      const isThereRoom = last?.hasRoom(bytes) ?? false;
      if (isThereRoom && !this.#memory.isFull(0)) return last;
      if (!isThereRoom && !this.#memory.isFull(1)) {
        const slab = this.#memory.take();
        this.#slabs.push(slab);
        return slab;
      }
      const largest = this.#memory.largest();
      if (largest === undefined || largest.slabs === 0) return undefined;
      if (largest === this) this.#renewOldest();
      else largest.#giveUpOldest();
    }
  }

  /** The oldest slab becomes the newest one; of its users those stay who were asked for. */
  #renewOldest(): void {
    const slab = this.#slabs.shift();
    if (slab === undefined) return;
    this.#slabs.push(slab);
    slab.compact(
      (entry) => {
        const isKept = entry.isUsed && this.#isCurrent(entry);
        entry.isUsed = false;
        return isKept;
      },
      (entry) => this.#evict(entry),
    );
  }

  #giveUpOldest(): void {
    const slab = this.#slabs.shift();
    if (slab === undefined) return;
    for (const entry of slab.records) this.#evict(entry);
    this.#memory.giveBack(slab);
  }

  #evict(entry: Entry): void {
    if (!this.#isCurrent(entry)) return;
    this.#entries.delete(entry.userId);
    this.#memory.onEvicted();
  }

  /** A record that was replaced or deleted lies on in its slab. */
  #isCurrent(entry: Entry): boolean {
    return this.#entries.get(entry.userId) === entry;
  }
}
