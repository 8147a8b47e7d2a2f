import { describe, expect, it } from 'vitest';
import { rules } from '../support/alert-rules.ts';
import { scrapeBusyServers } from '../support/busy-servers.ts';
import { seriesOf, type Series } from '../support/exposition.ts';
import { selectorsOf, type Matcher, type Selector } from '../support/promql.ts';
import { panelQueries, ruleQueries } from '../support/queries.ts';

/** What Prometheus adds to each series of a scrape. */
const TARGET = { job: 'topshelf', instance: '127.0.0.1:9464' };
/** What Prometheus says by itself. */
const ITS_OWN: readonly Series[] = [
  { metric: 'up', labels: TARGET },
  {
    metric: 'ALERTS',
    labels: { alertname: 'TopshelfAbsent', alertstate: 'firing', severity: 'page', ...TARGET },
  },
];

let scraping: Promise<readonly Series[]> | undefined;

/** What busy servers expose, scraped once, in the first test that asks: its servers end with that test. */
function exposed(): Promise<readonly Series[]> {
  return (scraping ??= scrapeBusyServers().then((text) => [
    ...ITS_OWN,
    ...seriesOf(text).map(({ metric, labels }) => ({ metric, labels: { ...labels, ...TARGET } })),
  ]));
}

/** Labels of what a rule records: those it sets, and those that its query keeps. */
function labelsOfRecord(metric: string): Set<string> {
  const recorded = rules.filter(({ record }) => record === metric);
  return new Set(
    recorded.flatMap(({ expr, labels = {} }) => [
      ...Object.keys(labels),
      ...selectorsOf(expr).flatMap((selector) =>
        isRecord(selector.metric) ? [...labelsOfRecord(selector.metric)] : selector.groupedBy,
      ),
    ]),
  );
}

const isRecord = (metric: string) => rules.some(({ record }) => record === metric);

function fits({ label, operator, value }: Matcher, labels: Series['labels']): boolean {
  const actual = labels[label] ?? '';
  const isMatch = operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(actual) : actual === value;
  return operator.startsWith('!') ? !isMatch : isMatch;
}

/** What of a selector no server has; undefined where it has all. */
function missing({ metric, matchers, groupedBy }: Selector, all: readonly Series[]): string | undefined {
  const asked = [...matchers.map(({ label }) => label), ...groupedBy];
  const series = all.filter((each) => each.metric === metric);
  if (series.length === 0 && !isRecord(metric)) return `${metric} is not exposed`;
  const labels = isRecord(metric)
    ? labelsOfRecord(metric)
    : new Set(series.flatMap((each) => Object.keys(each.labels)));
  const unknown = asked.filter((label) => !labels.has(label));
  if (unknown.length > 0) return `${metric} has no label ${unknown.join(', ')}`;
  if (isRecord(metric) || series.some((each) => matchers.every((matcher) => fits(matcher, each.labels))))
    return undefined;
  return `no series of ${metric} fits ${matchers.map((each) => Object.values(each).join(' ')).join(', ')}`;
}

/** What of a query no server has. */
async function missingFrom(query: string): Promise<string[]> {
  const all = await exposed();
  return selectorsOf(query)
    .map((selector) => missing(selector, all))
    .filter((fault) => fault !== undefined);
}

describe('every query finds its metrics, labels and their values in what servers expose:', () => {
  it.each([...ruleQueries, ...panelQueries('5m')])('$name', async ({ expr }) => {
    expect(selectorsOf(expr).length > 0 || expr.startsWith('vector(')).toBe(true);
    expect(await missingFrom(expr)).toEqual([]);
  });

  it('and what there is not is found missing', async () => {
    const faults = [
      ['rate(topshelf_answer_total[5m])', 'topshelf_answer_total is not exposed'],
      ['topshelf_answers_total{kind="x"}', 'topshelf_answers_total has no label kind'],
      ['sum by (user) (topshelf_answers_total)', 'topshelf_answers_total has no label user'],
      ['topshelf_answers_total{source="best"}', 'no series of topshelf_answers_total fits source = best'],
      ['topshelf:slo_burn:1h{status="500"}', 'topshelf:slo_burn:1h has no label status'],
    ] as const;
    for (const [query, fault] of faults) expect(await missingFrom(query)).toEqual([fault]);
    expect(() => selectorsOf('sum by (placement (x)')).toThrow('not PromQL');
  });
});

describe('every metric of a server', () => {
  it('is on a dashboard or in a rule', async () => {
    const used = new Set(
      [...ruleQueries, ...panelQueries('5m')].flatMap(({ expr }) =>
        selectorsOf(expr).map(({ metric }) => metric.replace(/_(bucket|sum|count)$/, '')),
      ),
    );
    const known = new Set((await exposed()).map(({ metric }) => metric.replace(/_(bucket|sum|count)$/, '')));
    const unused = [...known].filter((metric) => metric.startsWith('topshelf_') && !used.has(metric));
    expect(unused).toEqual([]);
  });
});
