import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePairs, encodeItems } from '../../src/domain/prediction.ts';
import { recommendationsText } from '../../src/serving/answer.ts';
import { firstRecommendations } from '../../src/serving/first-recommendations.ts';

const NONE: ReadonlySet<string> = new Set();
const productId = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.stringMatching(/^[\]["\\,]{0,8}$/),
  fc.stringMatching(/^[A-Z0-9]{1,8}$/),
);
const score = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.integer({ min: 0, max: 1e6 }).map((millionths) => millionths / 1e6),
);
const pairs = fc.array(fc.tuple(productId, score), { maxLength: 9 });
const countOf = fc.integer({ min: 1, max: 7 });

describe('the first recommendations of an item', () => {
  it('are what parsing all of it gives, or are left to parsing', () => {
    fc.assert(
      fc.property(pairs, countOf, (list, count) => {
        const items = encodeItems(list);
        const first = firstRecommendations(items, count, NONE);
        if (first !== undefined) expect(first).toBe(recommendationsText(decodePairs(items).slice(0, count)));
      }),
    );
  });

  it('are told without parsing where ids are ordinary and scores have at most two digits of exponent', () => {
    const ordinary = fc.array(
      fc.tuple(
        fc.stringMatching(/^[A-Za-z0-9 ._:-]{1,20}$/),
        fc.double({ min: -1e60, max: 1e60, noNaN: true }),
      ),
      { minLength: 1, maxLength: 9 },
    );
    fc.assert(
      fc.property(ordinary, countOf, (list, count) => {
        const items = encodeItems(list.filter(([, value]) => value === 0 || Math.abs(value) > 1e-60));
        fc.pre(items !== '[]');
        expect(firstRecommendations(items, count, NONE)).toBe(
          recommendationsText(decodePairs(items).slice(0, count)),
        );
      }),
    );
  });

  it('are all that is looked at of a long list', () => {
    expect(firstRecommendations('[["a",1],["b",2],["c",', 2, NONE)).toBe(
      '[{"productId":"a","score":1},{"productId":"b","score":2}]',
    );
  });

  it('are left to parsing where one of them is blocked, and only then', () => {
    const items = encodeItems([['a', 1], ['b', 2], ['c', 3]]); // prettier-ignore
    expect(firstRecommendations(items, 2, new Set(['b']))).toBeUndefined();
    expect(firstRecommendations(items, 2, new Set(['c']))).toBeDefined();
  });

  it.each([
    '',
    '[',
    ']',
    '[]',
    '[[',
    '[["a',
    '[["a"',
    '[["a",1',
    '[["a",1]',
    '[["a",1]]x',
    'x["a",1]]',
    '[["a","high"]]',
    '[["a",01]]',
    '[["a",.5]]',
    '[["a",1.]]',
    '[["a",+1]]',
    '[["a",1e400]]',
    '[["a",0x10]]',
    '[["a",NaN]]',
    '[["a\n",1]]',
    '[["a\\"b",1]]',
    '[ ["a",1]]',
    '{"a":[["b",1]]}',
    '[1,2]',
    '"a"',
  ])('are left to parsing in %j', (items) => {
    expect(firstRecommendations(items, 2, NONE)).toBeUndefined();
  });

  it('are always JSON that says no more than its text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.stringMatching(/^\[\[[\]"\\,1a.e{}[]{0,30}$/)), (items) => {
        const first = firstRecommendations(items, 1, NONE);
        if (first === undefined) return;
        const [{ productId: id, score: value }] = JSON.parse(first) as [{ productId: string; score: number }];
        expect(items.startsWith(`[["${id}",`)).toBe(true);
        expect(Number.isFinite(value)).toBe(true);
      }),
    );
  });
});
