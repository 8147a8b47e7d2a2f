import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeItems, encodeItems, toRecommendations, type RankedPair } from '../../src/domain/prediction.ts';

const scores = fc.double({ noNaN: true, noDefaultInfinity: true });
const pairs = fc.array(fc.tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), scores), {
  maxLength: 25,
});

describe('the text of a prediction', () => {
  it('reads back as the same products in the same order, with the same doubles', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const read = decodeItems(encodeItems(list));
        expect(read).toEqual(
          list.map(([productId, score]) => ({ productId, score: score === 0 ? 0 : score })),
        );
      }),
    );
  });

  it.each([
    [5e-324, '5e-324'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
    [1e21, '1e+21'],
    [0.1 + 0.2, '0.30000000000000004'],
    [-1.5, '-1.5'],
    [1e-7, '1e-7'],
  ])('writes the score %d as the shortest text that reads back as it: %s', (score, text) => {
    const items = encodeItems([['a', score]]);
    expect(items).toBe(`[["a",${text}]]`);
    expect(decodeItems(items)[0]?.score).toBe(score);
  });

  it('writes a negative zero as 0, which ranks the same and has one text only', () => {
    expect(encodeItems([['a', -0]])).toBe('[["a",0]]');
  });

  it('keeps twenty recommendations with full doubles under one write unit', () => {
    const list = Array.from({ length: 20 }, (_, index): RankedPair => [
      `85123A-${index}`,
      Math.PI / (index + 7),
    ]);
    expect(Buffer.byteLength(encodeItems(list))).toBeLessThan(1024);
  });

  it('may be an empty list', () => {
    expect(decodeItems('[]')).toEqual([]);
  });

  it.each(['', '[', '[["a",1]', 'undefined', '[["a",NaN]]', '[["a",01]]'])(
    'is refused where it is not JSON: %j',
    (items) => {
      expect(() => decodeItems(items)).toThrow(SyntaxError);
    },
  );

  it.each([
    'null',
    '{}',
    '"ab"',
    '7',
    '[null]',
    '["ab"]',
    '[{"productId":"a","score":1}]',
    '[[]]',
    '[["a"]]',
    '[[1,"a"]]',
    '[["a","1"]]',
    '[["a",null]]',
    '[["a",true]]',
    '[["a",1e400]]',
    '[["a",1,2]]',
    '[["a",1],["b"]]',
  ])('is refused where it is not a list of pairs: %s', (items) => {
    expect(() => decodeItems(items)).toThrow(TypeError);
  });

  it('is no way to reach the prototype of what it is read into', () => {
    expect(decodeItems('[["__proto__",1]]')).toEqual([{ productId: '__proto__', score: 1 }]);
    expect(() => decodeItems('{"__proto__":[["a",1]]}')).toThrow(TypeError);
  });
});

describe('pairs of a pointer', () => {
  it('become recommendations', () => {
    expect(toRecommendations([['22423', 0.31]])).toEqual([{ productId: '22423', score: 0.31 }]);
  });

  it.each([NaN, Infinity, -Infinity])('are refused with the score %d', (score) => {
    expect(() => toRecommendations([['a', score]])).toThrow(TypeError);
  });
});
