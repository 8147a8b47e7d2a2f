import { describe, expect, it } from 'vitest';
import { atLeast } from '../../src/gate/at-least.ts';
import { floors } from '../../src/gate/floors.ts';
import { judge } from '../../src/gate/gate.ts';

const measured = (users: number, popularProducts: number) => ({ candidate: { users, popularProducts } });

describe('the gate', () => {
  it('passes a version that reaches every floor', () => {
    const verdict = judge(measured(1, 5), floors);
    expect(verdict.passed).toBe(true);
    expect(verdict.checks).toEqual([
      {
        ...{ name: 'users-floor', outcome: 'passed', measured: 1, threshold: 1 },
        message: '1 users; at least 1 are needed',
      },
      {
        ...{ name: 'popular-floor', outcome: 'passed', measured: 5, threshold: 5 },
        message: '5 different popular products; at least 5 are needed',
      },
    ]);
  });

  it.each([
    [0, 20, 'users-floor'],
    [4325, 4, 'popular-floor'],
  ])('stops %i users with %i popular products at %s', (users, products, name) => {
    const verdict = judge(measured(users, products), floors);
    expect(verdict.passed).toBe(false);
    expect(verdict.checks.filter(({ outcome }) => outcome === 'failed')).toMatchObject([{ name }]);
  });

  it('performs every check, also after one has failed', () => {
    expect(judge(measured(0, 0), floors).checks.map(({ outcome }) => outcome)).toEqual(['failed', 'failed']);
  });

  it('blocks on a check that could not be performed', () => {
    const unmeasured = atLeast('unmeasured', 1, 'things', () => NaN);
    const verdict = judge(measured(1, 5), [...floors, unmeasured]);
    expect(verdict.passed).toBe(false);
    expect(verdict.checks.at(-1)).toMatchObject({ outcome: 'errored', measured: null, threshold: 1 });
    expect(verdict.checks.at(-1)?.message).toContain('could not be checked: things: NaN is not a number');
  });
});
