import { describe, expect, it } from 'vitest';
import { isPlacement, MAX_ID_BYTES, productIdFault, shown, userIdFault } from '../../src/domain/ids.ts';

describe('a product id', () => {
  it.each(['22423', '00123', 'a', ' ', 'naïve "é" 漢字', '🧁', '#1', '__proto__', 'a/b,c'])(
    'may be %j',
    (id) => {
      expect(productIdFault(id)).toBeUndefined();
    },
  );

  it('may not be empty', () => {
    expect(productIdFault('')).toBe('is empty');
  });

  it.each([
    ['ASCII', 'a'.repeat(MAX_ID_BYTES)],
    ['characters of two bytes', 'é'.repeat(MAX_ID_BYTES / 2)],
    ['characters of three bytes', `${'漢'.repeat(42)}ab`],
    ['characters of four bytes', '🧁'.repeat(MAX_ID_BYTES / 4)],
  ])('may be 128 bytes of UTF-8 and no more: %s', (_, id) => {
    expect(Buffer.byteLength(id)).toBe(128);
    expect(productIdFault(id)).toBeUndefined();
    expect(productIdFault(`${id}a`)).toBe('is 129 bytes long; at most 128 are allowed');
  });

  it('is counted in bytes, not in characters', () => {
    expect(productIdFault('é'.repeat(65))).toContain('130 bytes');
    expect(productIdFault('漢'.repeat(43))).toContain('129 bytes');
  });

  it.each(['\u0000', '\t', '\n', '\r', '\u001f', '\u007f', '\u0080', '\u0085', '\u009f'])(
    'may not hold the control character %j, wherever it stands',
    (character) => {
      for (const id of [character, `${character}a`, `a${character}`, `a${character}b`]) {
        expect(productIdFault(id)).toBe('contains a control character');
      }
    },
  );

  it('may hold the characters next to the control characters', () => {
    for (const character of ['\u0020', '\u007e', '\u00a0']) expect(productIdFault(character)).toBeUndefined();
  });

  it('may not begin with a byte-order mark, which readers of text drop, and may hold it further on', () => {
    const fault = 'begins with a byte-order mark (U+FEFF), which is lost where text is read';
    for (const id of ['\ufeff', '\ufeffmug', '\ufeff\ufeffmug']) expect(productIdFault(id)).toBe(fault);
    expect(userIdFault('\ufeffanna')).toBe(fault);
    expect(productIdFault('mug\ufeff')).toBeUndefined();
  });

  it.each(['\ud83e', 'a\udfc1', '\udfc1\ud83e'])('may not hold half a surrogate pair: %j', (id) => {
    expect(productIdFault(id)).toBe('is not valid Unicode');
  });
});

describe('a user id', () => {
  it('keeps the limits of a product id', () => {
    expect(userIdFault('12347')).toBeUndefined();
    expect(userIdFault('')).toBe('is empty');
    expect(userIdFault('u'.repeat(129))).toContain('129 bytes');
    expect(userIdFault('a\nb')).toBe('contains a control character');
  });

  it('may not begin with #, where the seal is, and may hold it further on', () => {
    expect(userIdFault('#seal')).toBe('begins with #, which is reserved');
    expect(userIdFault('#')).toBe('begins with #, which is reserved');
    expect(userIdFault('a#1')).toBeUndefined();
  });
});

describe('a placement', () => {
  it.each(['home', 'a', '0', '_', 'cart_2', 'a'.repeat(40)])('may be %s', (name) => {
    expect(isPlacement(name)).toBe(true);
  });

  it.each(['', 'a'.repeat(41), 'Home', 'home-2', 'home/cart', '..', 'home\n', ' home', 'ä', '*'])(
    'may not be %j',
    (name) => {
      expect(isPlacement(name)).toBe(false);
    },
  );
});

describe('a value in a message', () => {
  it('is quoted, and a line break in it does not break the line', () => {
    expect(shown('a"b\nc')).toBe('"a\\"b\\nc"');
    expect(shown(7)).toBe('7');
    expect(shown(undefined)).toBe('undefined');
  });

  it('is cut after 64 characters', () => {
    expect(shown('x'.repeat(64))).toBe(`"${'x'.repeat(64)}"`);
    expect(shown('x'.repeat(1000))).toBe(`"${'x'.repeat(63)}…"`);
  });
});
