import { describe, expect, it } from 'vitest';
import { keyOf, merged, type Figure, type Outcomes } from './outcomes.ts';
import type { Row } from './row.ts';

const UNIT = { file: 'test/a.test.ts', title: 'holds' };
const SERVICE = { file: 'test/services/a.test.ts', title: 'holds there, too' };
const ROWS: readonly Row[] = [{ number: 1, guarantee: 'It holds.', proofs: [UNIT, SERVICE] }];
const figure = (file: string, test: string, tried: number): Figure => ({
  ...{ guarantee: 1, file, test, tried, result: 'held' },
});

describe('what a run found', () => {
  const before: Outcomes = {
    proofs: {
      [keyOf(SERVICE)]: { passed: 1, failed: 0 },
      'test/a.test.ts › held once': { passed: 1, failed: 0 },
    },
    figures: { 1: [figure(UNIT.file, 'by another name', 1), figure(SERVICE.file, SERVICE.title, 2)] },
  };
  const reported = [{ ...UNIT, status: 'passed' }];

  it('takes the place of what its files found before, by whatever name, and of no other’s', () => {
    const { figures } = merged(before, ROWS, reported, [figure(UNIT.file, UNIT.title, 3)]);
    expect(figures[1]).toEqual([figure(SERVICE.file, SERVICE.title, 2), figure(UNIT.file, UNIT.title, 3)]);
  });

  it('leaves nothing of a test that no row names any more', () => {
    const { proofs } = merged(before, ROWS, reported, []);
    expect(proofs).toEqual({
      [keyOf(UNIT)]: { passed: 1, failed: 0 },
      [keyOf(SERVICE)]: { passed: 1, failed: 0 },
    });
  });
});
