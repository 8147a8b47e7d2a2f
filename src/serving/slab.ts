const NOTHING = Buffer.alloc(0);

/** After a compaction one of so many parts of a slab is free at least: no record may be longer. */
export const FREE_PARTS = 8;

/** Where a record lies in its slab. */
export interface Placed {
  /** Where it begins, and how long it is, in bytes; NaN once it has left. */
  at: number;
  readonly bytes: number;
}

/**
 * A block of memory outside JavaScript's heap, to which records are appended. The garbage collector never looks into
 * it: kept as strings, the records would be copied twice by it when they are new, and walked through ever after.
 */
export class Slab<T extends Placed = Placed> {
  #memory: Buffer;
  /** In the order in which they lie. Some may have been replaced since: whoever owns them knows. */
  records: T[] = [];
  #end = 0;

  constructor(memory: Buffer) {
    this.#memory = memory;
  }

  /** Text of these bytes. Throws RangeError where they are not in the slab: its memory may be in use for others by now. */
  read(from: number, to: number, encoding: 'latin1' | 'utf8'): string {
    if (!(to <= this.#end)) throw new RangeError('what was read has left the cache');
    return this.#memory.toString(encoding, from, to);
  }

  /** Empties the slab for good, and gives its memory back. */
  release(): Buffer {
    const memory = this.#memory;
    this.#memory = NOTHING;
    this.#end = 0;
    this.records = [];
    return memory;
  }

  hasRoom(bytes: number): boolean {
    return this.#end + bytes <= this.#memory.length;
  }

  /** Appends text in an encoding in which it takes so many bytes; returns where it begins. There must be room. */
  append(text: string, bytes: number, encoding: 'latin1' | 'utf8'): number {
    const at = this.#end;
    this.#memory.write(text, at, bytes, encoding);
    this.#end += bytes;
    return at;
  }

  /**
   * Moves the records that `isKept` to the front, and forgets the others, for each of which `drop` is called. An eighth of
   * the slab is free afterwards, whoever was to be kept.
   */
  compact(isKept: (record: T) => boolean, drop: (record: T) => void): void {
    const most = this.#memory.length - this.#memory.length / FREE_PARTS;
    const { records } = this;
    this.records = [];
    this.#end = 0;
    for (const record of records) {
      if (this.#end + record.bytes > most || !isKept(record)) {
        drop(record);
        record.at = NaN;
        continue;
      }
      this.#memory.copyWithin(this.#end, record.at, record.at + record.bytes);
      record.at = this.#end;
      this.#end += record.bytes;
      this.records.push(record);
    }
  }
}
