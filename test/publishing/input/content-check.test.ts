import { describe, expect, it } from 'vitest';
import { createContentCheck } from '../../../src/publishing/input/content-check.ts';

const check = (...chunks: (string | readonly number[])[]) => {
  const found = createContentCheck();
  for (const chunk of chunks) found.add(Buffer.from(chunk as string));
  return { isUtf8: found.isUtf8(), isPrintable: found.isPrintable() };
};

describe('content that is looked through in chunks', () => {
  it('is printable where each byte is ASCII that can be seen, a space, or of a line end', () => {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte);
      const isPrintable = /^[\n\r -~]$/.test(character) && character !== '"';
      expect([byte, check('a,b\n', [byte], 'c').isPrintable]).toEqual([byte, isPrintable]);
    }
    expect(check()).toEqual({ isUtf8: true, isPrintable: true });
  });

  it.each([0, 1])('is looked at to its last byte where a chunk begins at byte %i of its memory', (offset) => {
    const isPrintable = (chunk: Buffer) => {
      const found = createContentCheck();
      found.add(chunk);
      return found.isPrintable();
    };
    for (let length = 0; length < 9; length++) {
      const printable = () => Buffer.from(new ArrayBuffer(16), offset, length).fill('a');
      expect(isPrintable(printable())).toBe(true);
      for (let at = 0; at < length; at++) {
        const chunk = printable();
        chunk[at] = 0;
        expect([length, at, isPrintable(chunk)]).toEqual([length, at, false]);
      }
    }
  });

  it('is UTF-8 wherever its characters are cut in two', () => {
    const bytes = [...Buffer.from('aé\uffee\u{1F600}')];
    for (let at = 0; at <= bytes.length; at++) {
      expect(check(bytes.slice(0, at), bytes.slice(at))).toEqual({ isUtf8: true, isPrintable: false });
    }
    expect(check(...bytes.map((byte) => [byte])).isUtf8).toBe(true);
  });

  it('is not UTF-8 where a character is broken, or not complete at the end', () => {
    expect(check('a', [0xff], 'b').isUtf8).toBe(false);
    expect(check('a', [0xf0, 0x9f]).isUtf8).toBe(false);
    expect(check([0xc3], 'a').isUtf8).toBe(false);
  });
});
