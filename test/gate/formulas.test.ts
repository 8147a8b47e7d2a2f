import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexByChance, populationStabilityIndex } from '../../src/gate/population-stability.ts';
import { overlapWeights } from '../../src/gate/rank-biased-overlap.ts';
import { rankBiasedOverlap } from '../support/rank-biased-overlap.ts';

describe('the population stability index', () => {
  it('is 0 for equal distributions', () => {
    expect(populationStabilityIndex([0.5, 0.5], [0.5, 0.5])).toBe(0);
  });

  it('is the sum of differences times the logarithm of ratios', () => {
    const byHand = (0.4 - 0.5) * Math.log(0.4 / 0.5) + (0.6 - 0.5) * Math.log(0.6 / 0.5);
    expect(populationStabilityIndex([0.5, 0.5], [0.4, 0.6])).toBeCloseTo(byHand, 12);
  });

  it('stays finite where a bin is empty', () => {
    expect(populationStabilityIndex([0.5, 0.5], [1, 0])).toBeCloseTo(4.6, 1);
  });

  it('is the same both ways', () => {
    const shares = fc
      .array(fc.integer({ min: 1, max: 1000 }), { minLength: 10, maxLength: 10 })
      .map((counts) => {
        const sum = counts.reduce((a, b) => a + b);
        return counts.map((count) => count / sum);
      });
    fc.assert(
      fc.property(shares, shares, (a, b) => {
        expect(populationStabilityIndex(a, b)).toBeCloseTo(populationStabilityIndex(b, a), 9);
        expect(populationStabilityIndex(a, b)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('refuses bins that do not belong together', () => {
    expect(() => populationStabilityIndex([1], [0.5, 0.5])).toThrow('1 and 2 bins');
    expect(() => populationStabilityIndex([], [])).toThrow(RangeError);
  });

  it('is allowed more of fewer users, by chance', () => {
    expect(indexByChance(10, 4325, 4248)).toBeLessThan(0.01);
    expect(indexByChance(10, 20, 20)).toBeGreaterThan(1);
  });
});

describe('the weights of rank-biased overlap', () => {
  const list = fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { minLength: 1, maxLength: 5 });

  it('add up to the definition, whatever the two lists', () => {
    const weights = overlapWeights(5);
    fc.assert(
      fc.property(list, list, (a, b) => {
        const k = Math.max(a.length, b.length);
        const added = a.flatMap((product, i) => {
          const j = b.indexOf(product);
          return j < 0 ? [] : [weights[Math.max(i, j)]?.[k - 1] ?? NaN];
        });
        expect(added.reduce((x, y) => x + y, 0)).toBeCloseTo(rankBiasedOverlap(a, b), 12);
      }),
    );
  });

  it('weigh the places of a full list as documented', () => {
    const of = (place: number) => Number(overlapWeights(5)[place - 1]?.[4]?.toFixed(2));
    expect([1, 2, 3, 4, 5].map(of)).toEqual([0.5, 0.25, 0.14, 0.08, 0.03]);
  });
});
