import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alertTests, ruleFiles, rules } from '../support/alert-rules.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const runbook = readFileSync(join(ROOT, 'deploy/runbook.md'), 'utf8');
const alerts = rules.filter(({ alert }) => alert !== undefined);
const names = alerts.map(({ alert }) => alert ?? '');

/** The sections of the runbook by the anchor that GitHub gives them, each with its text. */
const sections = new Map(
  runbook
    .split(/^(?=##+ )/m)
    .slice(1)
    .map((section) => {
      const [, title = '', text = ''] = /^##+ (.*)\n([^]*)$/.exec(section) ?? [];
      return [title.toLowerCase().replaceAll(' ', '-'), { title, text }] as const;
    }),
);

describe('the alerts', () => {
  it('are as many as their tests and as the sections of the runbook, by the same names', () => {
    expect(names.length).toBeGreaterThan(20);
    expect(new Set(names).size).toBe(names.length);
    expect(alertTests.map(({ name }) => name).sort()).toEqual(names.toSorted());
    const titles = [...sections.values()].map(({ title }) => title);
    expect(titles.filter((title) => title.startsWith('Topshelf')).sort()).toEqual(names.toSorted());
  });

  it.each(alerts)('$alert is a page or a ticket, and links to its section: meaning, look, do', (rule) => {
    expect(rule.labels?.severity).toMatch(/^(page|ticket)$/);
    expect(rule.annotations?.summary).toMatch(/^[A-Z0-9{].{15,}$/);
    const [path, anchor = ''] = rule.annotations?.runbook_url?.split('#') ?? [];
    expect(path).toBe('deploy/runbook.md');
    expect(sections.get(anchor)?.title).toBe(rule.alert);
    for (const word of ['**Means**', '**Look**', '**Do**'])
      expect(sections.get(anchor)?.text).toContain(word);
  });

  it('can be clicked on once the README’s command has put the runbook’s own address into them', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const [, from = '', to = ''] =
      /^sed -i 's\|(.+)\|(.+)\|' deploy\/prometheus\/\*-alerts\.yml$/m.exec(readme) ?? [];
    const links = ruleFiles.flatMap((path) =>
      readFileSync(path, 'utf8')
        .split('\n')
        // As sed does without a g: once a line.
        .map((line) => line.replace(from, to))
        .filter((line) => line.includes('runbook_url: '))
        .map((line) => new URL(line.trim().replace('runbook_url: ', ''))),
    );
    expect(links).toHaveLength(names.length);
    for (const { protocol, hash } of links) {
      expect(protocol).toBe('https:');
      expect(sections.has(hash.slice(1)), hash).toBe(true);
    }
  });

  it.each(alertTests)(
    '$name is tested to be silent first, to fire, and to end',
    ({ name, alert_rule_test }) => {
      expect(new Set(alert_rule_test.map(({ alertname }) => alertname))).toEqual(new Set([name]));
      const states = alert_rule_test.map(({ exp_alerts }) => (exp_alerts.length > 0 ? 'fires' : 'silent'));
      expect(states.join(' ')).toMatch(/^(silent )+fires .*silent$/);
    },
  );
});

describe('the runbook', () => {
  it.each([
    'swap',
    'rollback',
    'hold',
    'pointer-store-down',
    'throttled-after-swap',
    'bad-model-promoted',
    'loader-crashed-midway',
  ])('has a section %s', (anchor) => {
    expect(sections.get(anchor)?.text.length).toBeGreaterThan(200);
  });

  it('links to sections that exist', () => {
    const anchors = [...runbook.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor ?? '');
    expect(anchors.length).toBeGreaterThan(10);
    expect(anchors.filter((anchor) => !sections.has(anchor))).toEqual([]);
  });
});
