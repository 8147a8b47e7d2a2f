import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Checks, History, Overview } from '../../src/console/views.ts';
import { ruleFiles } from '../support/alert-rules.ts';
import { spawnConsole } from '../support/console-process.ts';
import { startDemo } from '../support/demo.ts';
import { startLightLoad } from '../support/light-load.ts';
import { panelSheet, type DrawnPanel, type Line } from '../support/panel-sheet.ts';
import { panelQueries } from '../support/queries.ts';
import { bundledRanking } from '../support/real-data.ts';
import { openPrometheus } from './prometheus-client.ts';

const SOON = { timeout: 60_000, interval: 100 };
/** Where what happened is written to, for people to read; nowhere unless it says so. */
const RECORD = process.env.TOPSHELF_TEST_NIGHT;
/** The panels that tell of that night. */
const TELLING = [
  'Requests / Answers by source',
  'Requests / Answers to unknown users',
  'Requests / p99 by source',
  'Cache / Predictions cached',
  'Swaps / Versions by server',
  'Publishing / Activations held',
  'Publishing / Versions live',
  'Runtime / CPU',
];
const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** The rules with every window sixty times shorter: their minute is a second. */
function sixtyTimesFaster(text: string): string {
  const shorter = (count: string, unit: string) =>
    `${Math.ceil((Number(count) * UNITS[unit as keyof typeof UNITS]) / 60)}s`;
  return text
    .replace(/\[(\d+)([smhd])\]/g, (_, count: string, unit: string) => `[${shorter(count, unit)}]`)
    .replace(
      /(for: |offset )(\d+)([smhd])/g,
      (_, word: string, ...[count = '', unit = '']: string[]) => `${word}${shorter(count, unit)}`,
    );
}

type Prometheus = ReturnType<typeof openPrometheus>;

/** What the dashboards' panels show of the time since `from`, in seconds since the epoch. */
async function drawPanels(prometheus: Prometheus, from: number): Promise<string> {
  const to = Date.now() / 1000;
  const panels: DrawnPanel[] = [];
  for (const title of TELLING) {
    const lines: Line[] = [];
    for (const { expr } of panelQueries('5s').filter(({ name }) => name === title)) {
      for (const { metric, values } of await prometheus.range(expr, from, to, 0.5)) {
        const labels = Object.entries(metric).filter(([label]) => label !== '__name__' && label !== 'job');
        const label = labels.map(([name, value]) => `${name} ${value}`).join(', ');
        const points = values
          .map(([at, text]) => [at - from, Number(text)] as const)
          .filter(([, value]) => Number.isFinite(value));
        if (points.length > 0) lines.push({ label, points });
      }
    }
    expect(lines, title).not.toEqual([]);
    panels.push({ title, lines });
  }
  return panelSheet('What the dashboards show of a night on call', panels);
}

interface Status {
  readonly placements: readonly { version: string; epoch: number; reason: string; hold: object | null }[];
}

describe('a night on call', () => {
  it('ends well: a batch that lost users is overridden by hand, pages, is found, and is rolled back', async () => {
    const prometheus = openPrometheus();
    const demo = await startDemo();
    const console = await spawnConsole(demo.folder, ['--demo']);
    /** What the console's page asks for. */
    const onConsole = async <T>(path: string) =>
      (await (await fetch(`${console.url}/api/placements${path}`)).json()) as T;
    const ranking = bundledRanking('2011-12-07');
    const users = [...ranking.keys()];
    const begin = performance.now();
    const beginAt = Date.now() / 1000;
    const diary: { readonly seconds: number; readonly what: string }[] = [];
    const note = (what: string) =>
      diary.push({ seconds: Math.round((performance.now() - begin) / 100) / 10, what });
    const firing = async () => {
      const alerts = await prometheus.alerts();
      const pages = alerts.filter(({ state, labels }) => state === 'firing' && labels.severity === 'page');
      return pages.map(({ labels }) => labels.alertname);
    };
    const status = async () => {
      const [home] = ((await (await fetch(`${demo.server.ops}/status`)).json()) as Status).placements;
      if (home === undefined) throw new Error('no placement is served');
      return home;
    };

    await prometheus.useRules(
      new Map(ruleFiles.map((path) => [basename(path), sixtyTimesFaster(readFileSync(path, 'utf8'))])),
    );
    await prometheus.scrape(new URL(demo.server.ops).host);
    const load = startLightLoad(demo.server.api, users, 20);
    onTestFinished(() => load.stop());
    await expect
      .poll(() => prometheus.query('topshelf:answers_to_unknown_users:ratio_rate5m == 0'), SOON)
      .toHaveLength(1);
    const good = (await status()).version;
    expect(await firing()).toEqual([]);
    note(`version ${good} is live, all users are known, nothing fires`);

    // Every second user is gone from the batch, and the lists of the others have changed places.
    const half = users.filter((_, index) => index % 2 === 0);
    const rows = half.flatMap((userId, at) =>
      (ranking.get(half[(at + 1) % half.length] ?? '') ?? []).map(
        (productId, rank) => `${userId},${productId},${1 - rank / 100},${rank + 1}`,
      ),
    );
    await writeFile(demo.file('bad.csv'), ['ENTITY,CLASS,SCORE,RANK', ...rows, ''].join('\n'));
    const publishBad = (...options: string[]) =>
      demo.topshelf('publish', demo.file('bad.csv'), '--placement', 'home', ...options);
    await expect(publishBad()).rejects.toMatchObject({ code: 2 });
    note('a batch without half of the users is stopped by the gate (exit code 2)');
    const why = 'the numbers look fine to me';
    const { version: bad } = (await publishBad('--override', why, '--reason', 'night shift')) as {
      version: string;
    };
    note(`it is made live by hand as ${bad}, with --override "${why}"`);

    await expect.poll(firing, SOON).toEqual(['TopshelfUnknownUsersRise']);
    const [page] = (await prometheus.alerts()).filter(({ labels }) => labels.severity === 'page');
    note(`PAGE ${page?.labels.alertname}: ${page?.annotations.summary}; ${page?.annotations.runbook_url}`);

    const found = await status();
    expect(found).toMatchObject({ version: bad, reason: 'night shift', hold: null });
    const told = JSON.stringify(await demo.topshelf('status', '--history', '3'));
    expect(told).toContain(why);
    note(
      `/status: version ${found.version}, epoch ${found.epoch}, "${found.reason}"; status --history: overridden`,
    );

    const [shown] = (await onConsole<Overview>('')).placements;
    expect(shown).toMatchObject({ version: bad, verdict: { passed: false }, override: { reason: why } });
    const { entries } = await onConsole<History>('/home/history');
    const activation = entries.find(({ version }) => version === bad);
    const { checks } = await onConsole<Checks['reports'][number]>(`/home/checks/${activation?.check}`);
    const lost = checks.find(({ name }) => name === 'users-lost');
    expect(lost).toMatchObject({ outcome: 'failed', threshold: 0.04 });
    expect(lost?.measured).toBeCloseTo(0.5, 1);
    note(
      `the console: ${bad} went live past ${shown?.verdict?.stoppedBy.length} checks that stop it; ` +
        `the report behind its activation: ${lost?.message}`,
    );

    await demo.topshelf(
      ...['rollback', '--placement', 'home', '--reason', 'half of the users are gone'],
      ...['--wait', '--replicas', demo.server.ops],
    );
    expect(await status()).toMatchObject({ version: good, hold: { reason: 'half of the users are gone' } });
    note(`rolled back to ${good}, on every replica`);

    await expect.poll(firing, SOON).toEqual([]);
    note('nothing fires any more');
    expect(await prometheus.query('ALERTS{alertname="TopshelfVersionsDiffer", alertstate="firing"}')).toEqual(
      [],
    );
    await expect(publishBad('--override', why)).rejects.toMatchObject({ code: 3 });
    note('the same batch again is refused: activations are held (exit code 3)');
    await demo.topshelf('release', '--placement', 'home', '--reason', 'the job was stopped');
    await expect(publishBad('--override', why)).rejects.toMatchObject({ code: 2 });
    note('and after the release too: its content is quarantined (exit code 2)');
    expect(await status()).toMatchObject({ version: good, hold: null });
    expect(load.failures).toEqual([]);
    note(`${load.sent()} requests were made meanwhile; each was answered`);
    const lines = diary.map(({ seconds, what }) => `${seconds.toFixed(1).padStart(6)} s  ${what}`);
    process.stdout.write(`\n${lines.join('\n')}\n\n`);
    const sheet = await drawPanels(prometheus, beginAt);
    if (RECORD === undefined) return;
    await writeFile(RECORD.replace(/\.json$/, '.svg'), sheet);
    const clock = 'The windows of the rules are sixty times shorter here: a minute of theirs is a second.';
    await writeFile(RECORD, `${JSON.stringify({ at: new Date().toISOString(), clock, diary }, null, 2)}\n`);
  }, 240_000);
});
