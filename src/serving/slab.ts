/** What a record holds. */
export interface RecordContent {
  readonly userId: string;
  /** Of the user id. */
  readonly hash: number;
  readonly body: string;
  readonly items: string;
  /** When it was read, in milliseconds of the service's clock. */
  readonly readAtMs: number;
  /** A number of 24 bits that the owner knows the meaning of. */
  readonly label: number;
}

/** A record's texts in one, and how long they are, in bytes. ASCII, which nearly all is, is copied as it stands. */
export interface RecordText {
  readonly text: string;
  readonly isAscii: boolean;
  readonly userIdBytes: number;
  readonly bodyBytes: number;
  readonly itemsBytes: number;
  /** What the record takes in all. */
  readonly recordBytes: number;
}

/** After a compaction one of so many parts of a slab is free at least: no record may be longer. */
export const FREE_PARTS = 8;
/** Records begin at multiples of this. */
export const ALIGNMENT = 16;
const HEADER_BYTES = 32;

// The header, in words of 32 bits: length in bytes, hash, readAtMs (two words), bytes of user id, body and items, label and
// flags. The texts follow it in that order.
const LENGTH = 0;
const HASH = 1;
const READ_AT = 1; // in words of 64 bits
const USER_ID_BYTES = 4;
const BODY_BYTES = 5;
const ITEMS_BYTES = 6;
const FLAGS = 7;
const IS_USED = 1;
const IS_ASCII = 2;
const LABEL_SHIFT = 8;

export function recordText({ userId, body, items }: RecordContent): RecordText {
  const text = userId + body + items;
  const bytes = Buffer.byteLength(text);
  const isAscii = bytes === text.length;
  return {
    text,
    isAscii,
    userIdBytes: isAscii ? userId.length : Buffer.byteLength(userId),
    bodyBytes: isAscii ? body.length : Buffer.byteLength(body),
    itemsBytes: isAscii ? items.length : Buffer.byteLength(items),
    recordBytes: Math.ceil((HEADER_BYTES + bytes) / ALIGNMENT) * ALIGNMENT,
  };
}

/**
 * A block of memory outside of JavaScript's heap, to which records are appended. The garbage collector never looks into
 * it: kept as objects and strings, the records would be copied twice by it when they are new, and walked through ever
 * after. A record is named by where it begins, in bytes.
 */
export class Slab {
  /** Of this slab among those of its owner. */
  readonly number: number;
  /** Counts up whenever records move or leave: what was found before says no more where anything is. */
  round = 0;
  readonly #bytes: Buffer;
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;
  #end = 0;

  constructor(number: number, bytes: number) {
    this.number = number;
    // Shared with nobody. V8 counts an ArrayBuffer as if it were heap, and looks through all of that when enough are new;
    // these it does not count.
    const memory = new SharedArrayBuffer(bytes);
    this.#bytes = Buffer.from(memory);
    this.#words = new Uint32Array(memory);
    this.#doubles = new Float64Array(memory);
  }

  hasRoom(bytes: number): boolean {
    return this.#end + bytes <= this.#bytes.length;
  }

  /** There must be room for it. */
  append({ hash, readAtMs, label }: RecordContent, text: RecordText): number {
    const at = this.#end;
    const word = at >>> 2;
    this.#words[word + LENGTH] = text.recordBytes;
    this.#words[word + HASH] = hash;
    this.#doubles[(at >>> 3) + READ_AT] = readAtMs;
    this.#words[word + USER_ID_BYTES] = text.userIdBytes;
    this.#words[word + BODY_BYTES] = text.bodyBytes;
    this.#words[word + ITEMS_BYTES] = text.itemsBytes;
    this.#words[word + FLAGS] = (label << LABEL_SHIFT) | (text.isAscii ? IS_ASCII : 0);
    this.#bytes.write(text.text, at + HEADER_BYTES, text.isAscii ? 'latin1' : 'utf8');
    this.#end += text.recordBytes;
    return at;
  }

  hash(at: number): number {
    return this.#words[(at >>> 2) + HASH]!;
  }

  readAtMs(at: number): number {
    return this.#doubles[(at >>> 3) + READ_AT]!;
  }

  label(at: number): number {
    return this.#words[(at >>> 2) + FLAGS]! >>> LABEL_SHIFT;
  }

  isUsed(at: number): boolean {
    return (this.#words[(at >>> 2) + FLAGS]! & IS_USED) !== 0;
  }

  setUsed(at: number, isUsed: boolean): void {
    const word = (at >>> 2) + FLAGS;
    const flags = this.#words[word]!;
    this.#words[word] = isUsed ? flags | IS_USED : flags & ~IS_USED;
  }

  isOf(at: number, userId: string): boolean {
    const word = at >>> 2;
    if ((this.#words[word + FLAGS]! & IS_ASCII) === 0) return this.userId(at) === userId;
    const length = this.#words[word + USER_ID_BYTES]!;
    if (length !== userId.length) return false;
    const from = at + HEADER_BYTES;
    for (let each = 0; each < length; each += 1) {
      if (this.#bytes[from + each] !== userId.charCodeAt(each)) return false;
    }
    return true;
  }

  userId(at: number): string {
    return this.#text(at, 0, this.#words[(at >>> 2) + USER_ID_BYTES]!);
  }

  body(at: number): string {
    const word = at >>> 2;
    return this.#text(at, this.#words[word + USER_ID_BYTES]!, this.#words[word + BODY_BYTES]!);
  }

  items(at: number): string {
    const word = at >>> 2;
    const from = this.#words[word + USER_ID_BYTES]! + this.#words[word + BODY_BYTES]!;
    return this.#text(at, from, this.#words[word + ITEMS_BYTES]!);
  }

  /** All records, the oldest first. Some may have been replaced since: whoever owns them knows. */
  *records(): Generator<number> {
    for (let at = 0; at < this.#end; at += this.#words[(at >>> 2) + LENGTH]!) yield at;
  }

  /**
   * Moves the records that `isKept` to the front, and forgets the others. An eighth of the slab is free afterwards,
   * whoever was to be kept. `place` is told of every record where it is now; undefined: it has left.
   */
  compact(isKept: (at: number) => boolean, place: (from: number, to: number | undefined) => void): void {
    const most = this.#bytes.length - this.#bytes.length / FREE_PARTS;
    const end = this.#end;
    this.round += 1;
    this.#end = 0;
    for (let at = 0; at < end;) {
      const length = this.#words[(at >>> 2) + LENGTH]!;
      if (this.#end + length <= most && isKept(at)) {
        place(at, this.#end);
        this.#bytes.copyWithin(this.#end, at, at + length);
        this.#end += length;
      } else {
        place(at, undefined);
      }
      at += length;
    }
  }

  clear(): void {
    this.round += 1;
    this.#end = 0;
  }

  #text(at: number, from: number, bytes: number): string {
    const isAscii = (this.#words[(at >>> 2) + FLAGS]! & IS_ASCII) !== 0;
    const start = at + HEADER_BYTES + from;
    return this.#bytes.toString(isAscii ? 'latin1' : 'utf8', start, start + bytes);
  }
}
