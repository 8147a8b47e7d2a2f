import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBudget } from '../../src/resilience/budget.ts';

it('a budget pays for a share of what was asked for, and for what it began with, whatever the order', () => {
  const step = fc.record({ earned: fc.nat(200), wanted: fc.integer({ min: 1, max: 100 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const budget = createBudget({ share: 0.1, most: 100, first: 10 });
      let [earned, spent] = [0, 0];
      for (const each of steps) {
        budget.earn(each.earned);
        earned += each.earned;
        if (budget.spend(each.wanted)) spent += each.wanted;
        expect(spent).toBeLessThanOrEqual(10 + earned * 0.1 + 1e-6);
      }
    }),
  );
});

it('a budget saves up for one burst and not for more, however long it was not used', () => {
  const budget = createBudget({ share: 0.1, most: 100, first: 10 });
  budget.earn(1_000_000);
  expect([budget.spend(100), budget.spend(1)]).toEqual([true, false]);
});

it('a budget pays for every tenth at one a second as at ten thousand', () => {
  const budget = createBudget({ share: 0.1, most: 100, first: 0 });
  let spent = 0;
  for (let index = 0; index < 1000; index += 1) {
    budget.earn(1);
    if (budget.spend(1)) spent += 1;
  }
  expect(spent).toBeGreaterThanOrEqual(99);
  expect(spent).toBeLessThanOrEqual(100);
});
