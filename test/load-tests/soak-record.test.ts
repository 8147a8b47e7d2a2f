import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Sample } from '../../load-tests/soak/sample.ts';
import { judgeSoak } from '../../load-tests/soak/verdict.ts';
import { recordFigure } from '../support/figures.ts';

const FILE = join(import.meta.dirname, '../../load-tests/results/soak.json');
const GUARANTEE = 40;
const LEAST_MINUTES = 120;
const TITLE = 'the soak on record took two hours and a swap a minute, no request failed, and nothing grew';

interface SoakRecord {
  readonly swapSeconds: number;
  readonly requests: number;
  readonly errors: number;
  readonly swaps: number;
  readonly intervals: readonly Sample[];
}

it(TITLE, async () => {
  const record = JSON.parse(await readFile(FILE, 'utf8')) as SoakRecord;
  // How long it was, and not how long it was to be.
  const minutes = record.intervals.at(-1)?.minutes ?? 0;
  expect(minutes).toBeGreaterThanOrEqual(LEAST_MINUTES);
  expect(record.swapSeconds).toBeLessThanOrEqual(60);
  expect(record.errors).toBe(0);
  const { trends, failures } = judgeSoak(record.intervals);
  expect(failures).toEqual([]);
  const { residentMegabytes: _, heapTotalMegabytes: __, ...judged } = trends;
  const slopes = Object.entries(judged).map(([quantity, { perHour, first, last }]) => {
    const [slope, from, to] = [perHour, first, last].map((value) => value.toFixed(1));
    return `${quantity} ${slope} an hour (from ${from} to ${to})`;
  });
  const resident = Math.max(...record.intervals.map(({ residentMegabytes }) => residentMegabytes));
  recordFigure(GUARANTEE, {
    test: TITLE,
    tried: record.requests,
    result:
      `${record.errors} errors, ${record.swaps} swaps in ${minutes.toFixed(0)} minutes; ${slopes.join(', ')}; ` +
      `resident size at most ${resident.toFixed(0)} MB`,
  });
});
