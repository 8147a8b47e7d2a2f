import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { beforeAll, describe, expect, it } from 'vitest';
import { judgeLabelledSet, type Labelled } from '../../support/labelled-set.ts';
import { checksTable, stoppedBy, verdictsTable, weakestTable } from '../../support/labelled-set-tables.ts';

const README = fileURLToPath(new URL('../../../src/gate/README.md', import.meta.url));

let set: Labelled[];
beforeAll(async () => {
  set = await judgeLabelledSet();
}, 300_000);

const reasons = (batch: Labelled) => {
  const by = stoppedBy(batch);
  return by === 'the loader' ? [by] : by.map(({ name, outcome }) => `${name} ${outcome}`);
};
const against = (name: string, strength: string) => {
  const batch = set.find((each) => each.name === name && each.strength === strength && !each.isFirstLoad);
  if (batch === undefined) throw new Error(`the set has no ${name} at ${strength}`);
  return reasons(batch);
};

describe('the labelled set of real predictions', () => {
  it('has every good batch pass', () => {
    const good = set.filter(({ label }) => label === 'good');
    expect(good).toHaveLength(5);
    expect(good.filter((batch) => reasons(batch).length > 0)).toEqual([]);
  });

  it.each([
    ['half the users gone', 'users-lost failed'],
    ['one list for everybody', 'same-list failed'],
    ['users shuffled', 'overlap failed'],
    ['constant scores', 'flat-scores failed'],
    ['scores shrunk tenfold', 'score-scale failed'],
    ['lists cut to two', 'short-lists failed'],
    ['yesterday’s file again', 'new-content failed'],
    ['30 % unknown products', 'unknown-products failed'],
    ['header only (of ten files)', 'the loader'],
    ['truncated gzip', 'the loader'],
    ['columns swapped', 'users-lost failed'],
  ])('has %s stopped at full strength, by %s', (name, reason) => {
    expect(against(name, 'full')).toContain(reason);
  });

  it('covers every fault in three strengths', () => {
    const bad = set.filter(({ label, isFirstLoad }) => label === 'bad' && !isFirstLoad);
    expect(new Set(bad.map(({ name }) => name)).size).toBe(11);
    expect(bad).toHaveLength(33);
  });

  it('has every fault stopped at half strength too, but for a day that is half yesterday’s', () => {
    const passing = set.filter(
      ({ strength, verdict }) => strength === 'half' && 'passed' in verdict && verdict.passed,
    );
    expect(passing.map(({ name }) => name)).toEqual(['yesterday’s file again']);
  });

  it('is what the gate’s README shows; `vitest run -u` brings it up to date', async () => {
    let text = await readFile(README, 'utf8');
    const sections = { checks: checksTable(), verdicts: verdictsTable(set), weakest: weakestTable(set) };
    for (const [name, content] of Object.entries(sections)) {
      const marked = new RegExp(`(<!-- ${name} -->)[^]*?(<!-- end of ${name} -->)`);
      expect(text).toMatch(marked);
      text = text.replace(marked, (_, begin: string, end: string) => `${begin}\n\n${content}\n\n${end}`);
    }
    const formatted = await format(text, { ...(await resolveConfig(README)), parser: 'markdown' });
    await expect(formatted).toMatchFileSnapshot(README);
  });
});
