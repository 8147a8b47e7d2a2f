const NOTHING = new Uint32Array(0);
const LEAST_SLOTS = 512;
const BYTES_PER_SLOT = 2 * Uint32Array.BYTES_PER_ELEMENT;
const NOT_FOUND = -1;

/**
 * From a user's hash to a number that says where the user's record lies, in two arrays of numbers: open addressing with
 * linear probing. A Map of the same size copies itself for 20 ms when it grows or has been churned, and holds what it held
 * until the garbage collector has walked through all of it.
 */
export class UserIndex {
  readonly #isRecordOf: (place: number, userId: string) => boolean;
  /** Place plus one; 0: free. */
  #slots = NOTHING;
  #hashes = NOTHING;
  #size = 0;

  /** `isRecordOf` tells whether the record at a place is that of a user. */
  constructor(isRecordOf: (place: number, userId: string) => boolean) {
    this.#isRecordOf = isRecordOf;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#slots.length * BYTES_PER_SLOT;
  }

  /** What the next new user needs beyond `bytes`: most of the time nothing. */
  get bytesToGrow(): number {
    const slots = this.#slots.length;
    // Past two thirds the runs of taken slots, which a look-up walks along, get long.
    if ((this.#size + 1) * 3 <= slots * 2) return 0;
    return Math.max(LEAST_SLOTS, slots) * BYTES_PER_SLOT;
  }

  /** The place of a user; undefined where there is none. */
  find(hash: number, userId: string): number | undefined {
    const at = this.#slotOf(hash, userId);
    return at === NOT_FOUND ? undefined : this.#slots[at]! - 1;
  }

  /** Whether the place is a user's now: a record that was replaced is nobody's. */
  holds(hash: number, place: number): boolean {
    return this.#slotAt(hash, place) !== NOT_FOUND;
  }

  set(hash: number, userId: string, place: number): void {
    const at = this.#slotOf(hash, userId);
    if (at !== NOT_FOUND) {
      this.#slots[at] = place + 1;
      return;
    }
    if (this.bytesToGrow > 0) this.#grow();
    this.#insert(hash, place + 1);
    this.#size += 1;
  }

  /** The record at a place has moved to another one. */
  move(hash: number, from: number, to: number): void {
    this.#slots[this.#slotAt(hash, from)] = to + 1;
  }

  delete(hash: number, place: number): void {
    let free = this.#slotAt(hash, place);
    if (free === NOT_FOUND) return;
    const mask = this.#slots.length - 1;
    // What lies behind in the same run moves up, if its own first slot is not behind the free one.
    for (let at = (free + 1) & mask; this.#slots[at] !== 0; at = (at + 1) & mask) {
      const distance = (at - this.#hashes[at]!) & mask;
      if (distance < ((at - free) & mask)) continue;
      this.#slots[free] = this.#slots[at]!;
      this.#hashes[free] = this.#hashes[at]!;
      free = at;
    }
    this.#slots[free] = 0;
    this.#size -= 1;
  }

  clear(): void {
    this.#slots = NOTHING;
    this.#hashes = NOTHING;
    this.#size = 0;
  }

  #slotOf(hash: number, userId: string): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    if (mask < 0) return NOT_FOUND;
    for (let at = hash & mask; slots[at] !== 0; at = (at + 1) & mask) {
      if (this.#hashes[at] === hash && this.#isRecordOf(slots[at]! - 1, userId)) return at;
    }
    return NOT_FOUND;
  }

  #slotAt(hash: number, place: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    if (mask < 0) return NOT_FOUND;
    for (let at = hash & mask; slots[at] !== 0; at = (at + 1) & mask) {
      if (slots[at] === place + 1) return at;
    }
    return NOT_FOUND;
  }

  #insert(hash: number, slot: number): void {
    const mask = this.#slots.length - 1;
    let at = hash & mask;
    while (this.#slots[at] !== 0) at = (at + 1) & mask;
    this.#slots[at] = slot;
    this.#hashes[at] = hash;
  }

  #grow(): void {
    const slots = this.#slots;
    const hashes = this.#hashes;
    const length = Math.max(LEAST_SLOTS, slots.length * 2);
    this.#slots = new Uint32Array(length);
    this.#hashes = new Uint32Array(length);
    for (let at = 0; at < slots.length; at += 1) {
      if (slots[at] !== 0) this.#insert(hashes[at]!, slots[at]!);
    }
  }
}
