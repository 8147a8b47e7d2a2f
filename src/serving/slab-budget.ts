import { ALIGNMENT, FREE_PARTS, Slab } from './slab.ts';

/** Whoever takes slabs of a budget. */
export interface SlabHolder {
  /** Slabs it has. */
  readonly slabs: number;
  /** What it takes besides them. */
  readonly indexBytes: number;
  /** Entries. */
  readonly size: number;
  giveUpOldest(): void;
}

// A slab is what is given back at once: small enough that it takes no millisecond, and that many placements have theirs.
const SLABS_OF_LIMIT = 256;
const SLAB_BYTES = { least: 64 * 1024, most: 1024 * 1024 };
/** A place of 32 bits is the number of a slab and where in it: 65,536 slabs of a megabyte, the most one can configure. */
export const PLACES_PER_SLAB = SLAB_BYTES.most / ALIGNMENT;

/** The slabs that all caches of a process share. */
export class SlabBudget {
  /** In bytes; what is longer is not kept. */
  readonly largestRecord: number;
  /** By their number. */
  readonly slabs: Slab[] = [];
  evictions = 0;
  readonly #limitBytes: number;
  readonly #slabBytes: number;
  readonly #holders = new Set<SlabHolder>();
  readonly #free: Slab[] = [];

  constructor(limitBytes: number) {
    const slabBytes = Math.min(SLAB_BYTES.most, Math.max(SLAB_BYTES.least, limitBytes / SLABS_OF_LIMIT));
    this.#limitBytes = limitBytes;
    this.#slabBytes = Math.floor(slabBytes / ALIGNMENT) * ALIGNMENT;
    this.largestRecord = Math.floor(this.#slabBytes / FREE_PARTS);
  }

  /** Asked at every set: no more than a loop. */
  bytes(): number {
    let total = (this.slabs.length - this.#free.length) * this.#slabBytes;
    for (const { indexBytes } of this.#holders) total += indexBytes;
    return total;
  }

  entries(): number {
    let total = 0;
    for (const { size } of this.#holders) total += size;
    return total;
  }

  admit<T extends SlabHolder>(holder: T): T {
    this.#holders.add(holder);
    return holder;
  }

  dismiss(holder: SlabHolder): void {
    this.#holders.delete(holder);
  }

  hasRoom(bytes: number): boolean {
    return this.bytes() + bytes <= this.#limitBytes;
  }

  /** An empty slab; undefined where the limit allows no more. */
  take(): Slab | undefined {
    if (!this.hasRoom(this.#slabBytes)) return undefined;
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const slab = new Slab(this.slabs.length, this.#slabBytes);
    this.slabs.push(slab);
    return slab;
  }

  giveBack(slab: Slab): void {
    slab.clear();
    this.#free.push(slab);
  }

  /** Who has most slabs; undefined where nobody has any. */
  largest(): SlabHolder | undefined {
    let found: SlabHolder | undefined;
    for (const holder of this.#holders) if (holder.slabs > (found?.slabs ?? 0)) found = holder;
    return found;
  }
}
