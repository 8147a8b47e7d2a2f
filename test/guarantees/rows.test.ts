import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readResults } from '../../load-tests/results.ts';
import { SCENARIOS } from '../../load-tests/scenarios/all.ts';
import { readOutcomes } from './outcomes.ts';
import { ROWS } from './rows.ts';
import { guaranteesPage } from './table.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = join(import.meta.dirname, 'README.md');
const proofs = ROWS.flatMap(({ number, proofs = [] }) => proofs.map((proof) => ({ number, ...proof })));

describe('the rows of the guarantees', () => {
  it('are 42, in order', () => {
    expect(ROWS.map(({ number }) => number)).toEqual(Array.from({ length: 42 }, (_, at) => at + 1));
  });

  it.each(ROWS)('name a proof, a load test, or what would be one: $number', (row) => {
    const { proofs: its = [], load = [], notProven = '', failsWhen = '' } = row;
    expect(its.length + load.length > 0 || notProven !== '').toBe(true);
    // No test without a change of the code that was seen to make it fail.
    expect(failsWhen !== '').toBe(its.length > 0);
  });

  it.each(proofs)('name tests that are there: $number, $title', async ({ file, title, source = file }) => {
    const code = await readFile(join(ROOT, source), 'utf8');
    expect([`'${title}'`, `\`${title}\``].some((quoted) => code.includes(quoted))).toBe(true);
    const runs = await readFile(join(ROOT, file), 'utf8');
    if (source !== file) expect(runs).toContain(source.replace(/^test\//, '../'));
  });

  it('name load tests that are there', () => {
    const names = SCENARIOS.map(({ name }) => name);
    for (const scenario of ROWS.flatMap(({ load = [] }) => load)) expect(names).toContain(scenario);
  });

  it('are on the page as they were found; `vitest run -u` brings it up to date', async () => {
    const page = guaranteesPage(ROWS, await readOutcomes(), await readResults());
    await expect(page).toMatchFileSnapshot(PAGE);
  });
});
