import { describe, expect, it } from 'vitest';
import { checks } from '../../src/gate/checks.ts';
import { describeChecks } from '../../src/gate/describe.ts';
import { judge } from '../../src/gate/gate.ts';
import type { Baseline, CandidateMeasures, Comparison, Measurements } from '../../src/gate/measurements.ts';
import { DEFAULT_THRESHOLDS, THRESHOLD_NAMES } from '../../src/gate/thresholds.ts';

const good: CandidateMeasures = {
  ...{ users: 4325, rows: 86_500, popularProducts: 20, unknownShare: 0, unknownProducts: [] },
  ...{ shortShare: 0, invalidScores: 0, flatShare: 0, distinctScores: 80_000, medianScore: 0.6 },
  ...{ products: 990, topProductShare: 0.06, gini: 0.86, sameListShare: 0.001 },
};
const tenths = Array.from({ length: 10 }, () => 0.1);
const steady: Comparison = {
  ...{ commonUsers: 4300, lostShare: 0, overlap: 0.98, rankBiasedOverlap: 0.98, allChangedShare: 0 },
  ...{ scoreBins: { live: tenths, candidate: tenths }, sameContent: false, olderSeconds: -86_400 },
};

interface Changes {
  readonly candidate?: Partial<CandidateMeasures>;
  readonly comparison?: Partial<Comparison>;
}

function measured({ candidate, comparison }: Changes = {}): Measurements {
  return {
    candidate: { kind: 'measured', measures: { ...good, ...candidate } },
    baseline: { kind: 'measured', live: good, comparison: { ...steady, ...comparison } },
  };
}

const against = (baseline: Baseline, changes: Changes = {}): Measurements => ({
  ...measured(changes),
  baseline,
});
const nothingLive: Baseline = { kind: 'none', why: 'nothing is live' };
const verdictOn = (measurements: Measurements) => judge(measurements, DEFAULT_THRESHOLDS);
const stopping = (measurements: Measurements) =>
  verdictOn(measurements)
    .checks.filter(({ outcome }) => outcome !== 'passed')
    .map(({ name, outcome }) => `${name} ${outcome}`);

describe('the gate', () => {
  it('passes a batch like the live one, by every check', () => {
    const verdict = verdictOn(measured());
    expect(verdict.passed).toBe(true);
    expect(verdict.checks.map(({ name }) => name)).toEqual(checks.map(({ name }) => name));
  });

  it.each<[string, Changes, Changes]>([
    ['users-floor', { candidate: { users: 1 } }, { candidate: { users: 0 } }],
    ['users-change', { candidate: { users: 5190 } }, { candidate: { users: 5191 } }],
    ['users-change', { candidate: { users: 3460 } }, { candidate: { users: 3459 } }],
    ['users-lost', { comparison: { lostShare: 0.04 } }, { comparison: { lostShare: 0.041 } }],
    ['popular-floor', { candidate: { popularProducts: 5 } }, { candidate: { popularProducts: 4 } }],
    ['short-lists', { candidate: { shortShare: 0.25 } }, { candidate: { shortShare: 0.26 } }],
    ['short-lists-change', { candidate: { shortShare: 0.02 } }, { candidate: { shortShare: 0.03 } }],
    ['score-validity', {}, { candidate: { invalidScores: 1 } }],
    ['distinct-scores', { candidate: { distinctScores: 2 } }, { candidate: { distinctScores: 1 } }],
    ['flat-scores', { candidate: { flatShare: 0.25 } }, { candidate: { flatShare: 0.26 } }],
    ['flat-scores-change', { candidate: { flatShare: 0.02 } }, { candidate: { flatShare: 0.03 } }],
    [
      'score-shift',
      { comparison: { scoreBins: { live: [0.5, 0.5], candidate: [0.4, 0.6] } } },
      { comparison: { scoreBins: { live: [0.5, 0.5], candidate: [0.3, 0.7] } } },
    ],
    ['score-scale', { candidate: { medianScore: 1.2 } }, { candidate: { medianScore: 1.21 } }],
    ['score-scale', { candidate: { medianScore: 0.3 } }, { candidate: { medianScore: 0.29 } }],
    ['overlap', { comparison: { overlap: 0.65 } }, { comparison: { overlap: 0.64 } }],
    [
      'rank-biased-overlap',
      { comparison: { rankBiasedOverlap: 0.6 } },
      { comparison: { rankBiasedOverlap: 0.59 } },
    ],
    ['all-changed', { comparison: { allChangedShare: 0.05 } }, { comparison: { allChangedShare: 0.06 } }],
    ['coverage', { candidate: { products: 792 } }, { candidate: { products: 791 } }],
    ['top-product', { candidate: { topProductShare: 0.15 } }, { candidate: { topProductShare: 0.16 } }],
    [
      'top-product-change',
      { candidate: { topProductShare: 0.09 } },
      { candidate: { topProductShare: 0.091 } },
    ],
    ['gini-change', { candidate: { gini: 0.9 } }, { candidate: { gini: 0.92 } }],
    ['same-list', { candidate: { sameListShare: 0.25 } }, { candidate: { sameListShare: 0.27 } }],
    ['same-list-change', { candidate: { sameListShare: 0.02 } }, { candidate: { sameListShare: 0.03 } }],
    ['unknown-products', { candidate: { unknownShare: 0.01 } }, { candidate: { unknownShare: 0.011 } }],
    ['newer-predictions', { comparison: { olderSeconds: 0 } }, { comparison: { olderSeconds: 1 } }],
    ['new-content', {}, { comparison: { sameContent: true } }],
  ])('stops at %s past its threshold, not at it', (name, at, past) => {
    expect(stopping(measured(at))).not.toContain(`${name} failed`);
    expect(stopping(measured(past))).toContain(`${name} failed`);
  });

  it('has a test above for every check, and a check for every threshold', () => {
    expect(new Set(checks.map(({ threshold }) => threshold))).toEqual(new Set(THRESHOLD_NAMES));
    expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
  });

  it('performs every check, also after one has failed', () => {
    const { checks: results } = verdictOn(measured({ candidate: { users: 0 } }));
    expect(results).toHaveLength(checks.length);
  });

  it('names some of the products that are unknown', () => {
    const candidate = { unknownShare: 0.25, unknownProducts: ['gone', 'sold\nout'] };
    const { checks: results } = verdictOn(measured({ candidate }));
    expect(results.find(({ name }) => name === 'unknown-products')?.message).toBe(
      '25 % of rows name products that are not in the catalogue, such as "gone", "sold\\nout"; at most 1 % allowed',
    );
  });

  it('says what was measured and what would have been allowed', () => {
    const { checks: results } = verdictOn(measured({ comparison: { overlap: 0.123456 } }));
    expect(results.find(({ name }) => name === 'overlap')).toEqual({
      ...{ name: 'overlap', outcome: 'failed', measured: 0.123456, threshold: 0.65 },
      message: '12.35 % of users’ first five stay, on average; at least 65 % needed',
    });
  });

  it.each<[string, Changes, string]>([
    ['users-floor', { candidate: { users: 1 } }, '1 user; at least 1 needed'],
    [
      'unknown-products',
      { candidate: { unknownShare: 1 } },
      '100 % of rows name products that are not in the catalogue; at most 1 % allowed',
    ],
    ['users-lost', { comparison: { lostShare: 0.07 } }, '7 % of live users are lost; at most 4 % allowed'],
    [
      'new-content',
      { comparison: { sameContent: true } },
      '1 live version has the same content; at most 0 allowed',
    ],
    ['new-content', {}, '0 live versions have the same content; at most 0 allowed'],
    ['score-scale', {}, '1 is the factor between the median scores (absolute values); at most 2 allowed'],
  ])(
    '%s says its number so that it can be read: shares in percent, one of a kind in the singular',
    (name, changes, message) => {
      expect(verdictOn(measured(changes)).checks.find((each) => each.name === name)).toMatchObject({
        message,
      });
    },
  );

  it('holds a first load to the floors alone', () => {
    const floors = checks.filter(({ kind }) => kind === 'floor').map(({ name }) => name);
    const verdict = verdictOn(against(nothingLive));
    expect(verdict.passed).toBe(true);
    expect(verdict.checks.map(({ name }) => name)).toEqual(floors);
    expect(stopping(against(nothingLive, { candidate: { sameListShare: 1, shortShare: 1 } }))).toEqual([
      'short-lists failed',
      'same-list failed',
    ]);
  });

  it('blocks where the live version cannot be measured: every comparison is errored', () => {
    const verdict = verdictOn(against({ kind: 'unreadable', why: 'its file is gone' }));
    expect(verdict.passed).toBe(false);
    for (const { kind, name } of checks) {
      const result = verdict.checks.find((each) => each.name === name);
      expect(result, name).toMatchObject(
        kind === 'floor'
          ? { outcome: 'passed' }
          : { outcome: 'errored', measured: null, message: 'could not be checked: its file is gone' },
      );
    }
  });

  it('blocks where the candidate cannot be measured, with a live version and without', () => {
    for (const baseline of [nothingLive, measured().baseline]) {
      const verdict = verdictOn({ candidate: { kind: 'unreadable', why: 'no rows' }, baseline });
      expect(verdict.passed).toBe(false);
      expect(new Set(verdict.checks.map(({ outcome }) => outcome))).toEqual(new Set(['errored']));
    }
  });

  it.each([NaN, Infinity])('blocks on a measured %d, which says nothing', (overlap) => {
    expect(stopping(measured({ comparison: { overlap } }))).toEqual(['overlap errored']);
  });

  it('blocks on a median of zero where the live version has another: no factor follows', () => {
    expect(stopping(measured({ candidate: { medianScore: 0 } }))).toEqual(['score-scale errored']);
  });

  it.each([
    [2, false],
    [30, true],
  ])(
    '%s users who all get one list: blocked is %s, as few users often have much in common',
    (users, blocked) => {
      const oneList = { users, products: 5, topProductShare: 0.2, sameListShare: 1 };
      const stopped = stopping(against(nothingLive, { candidate: oneList })).length > 0;
      expect(stopped).toBe(blocked);
    },
  );

  it('looks at the catalogue and at the age of predictions only where they are known', () => {
    const { checks: results, passed } = verdictOn(
      measured({ candidate: { unknownShare: null }, comparison: { olderSeconds: null } }),
    );
    expect(passed).toBe(true);
    expect(results.map(({ name }) => name)).not.toContain('unknown-products');
    expect(results.map(({ name }) => name)).not.toContain('newer-predictions');
  });

  it('does not pass what no check looked at', () => {
    expect(judge(measured(), DEFAULT_THRESHOLDS, []).passed).toBe(false);
  });

  it('describes what blocks first', () => {
    const { checks: results } = verdictOn(measured({ comparison: { overlap: 0, rankBiasedOverlap: NaN } }));
    const lines = describeChecks(results).split('\n');
    expect(lines).toHaveLength(checks.length);
    expect(lines.slice(0, 3).map((line) => line.trim().split(/ +/).slice(0, 2))).toEqual([
      ['errored', 'rank-biased-overlap'],
      ['failed', 'overlap'],
      ['passed', 'users-floor'],
    ]);
  });
});
