import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ruleFiles, rules } from '../support/alert-rules.ts';
import { startDemo } from '../support/demo.ts';
import { startLightLoad } from '../support/light-load.ts';
import { panelQueries } from '../support/queries.ts';
import { bundledFile, bundledRanking } from '../support/real-data.ts';
import { openPrometheus } from './prometheus-client.ts';

/** Panels that show nothing while all is well. */
const EMPTY_WITHOUT_TROUBLE = [
  'Budget / Firing',
  'Requests / Degraded answers',
  'Store / Changes of breakers',
  'Store / Denied',
  'Store / Hedges',
  'Store / Items that are no predictions',
  'Store / Users asked for once more',
  'Swaps / Not adopted',
  'Swaps / Reads and saves that failed',
];

describe('a Prometheus that scrapes a demo under load', () => {
  it('evaluates each rule, and each panel’s query shows something', async () => {
    const prometheus = openPrometheus();
    const demo = await startDemo();
    await prometheus.useRules(new Map(ruleFiles.map((path) => [basename(path), readFileSync(path, 'utf8')])));
    await prometheus.scrape(new URL(demo.server.ops).host);
    // Few enough to be found in memory soon.
    const users = [...bundledRanking('2011-12-07').keys()].slice(0, 100);
    const load = startLightLoad(demo.server.api, [...users, 'nobody'], 20);
    onTestFinished(() => load.stop());
    const { epoch } = (await demo.topshelf('block', '22423', '--placement', 'home')) as { epoch: number };
    await expect
      .poll(() => prometheus.query(`topshelf_pointer_epoch == ${epoch}`), { timeout: 30_000 })
      .toHaveLength(1);
    // Another version, which the server warms up for.
    await demo.topshelf('publish', bundledFile('2011-11-25'), '--placement', 'home');

    const emptyPanels = async () => {
      const empty = new Set<string>();
      for (const { name, expr } of panelQueries('10s'))
        if ((await prometheus.query(expr)).length === 0) empty.add(name);
      return [...empty].filter((name) => !EMPTY_WITHOUT_TROUBLE.includes(name));
    };
    await expect.poll(emptyPanels, { timeout: 60_000, interval: 1000 }).toEqual([]);

    const evaluated = await prometheus.rules();
    expect(evaluated).toHaveLength(rules.length);
    for (const { name, query, health, lastError } of evaluated)
      expect(health, `${name}: ${query}: ${lastError}`).toBe('ok');

    expect(load.failures).toEqual([]);
  }, 180_000);
});
