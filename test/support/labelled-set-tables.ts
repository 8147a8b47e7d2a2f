import { checks } from '../../src/gate/checks.ts';
import { shortNumber, type CheckResult } from '../../src/gate/check.ts';
import { THRESHOLDS } from '../../src/gate/thresholds.ts';
import type { Labelled } from './labelled-set.ts';

/** What stops a batch; a refusal by the loader comes before every check. */
export function stoppedBy({ verdict }: Labelled): readonly CheckResult[] | 'the loader' {
  if ('refused' in verdict) return 'the loader';
  return verdict.checks.filter(({ outcome }) => outcome !== 'passed');
}

/** The checks: what each measures, what it allows, and why. */
export function checksTable(): string {
  return table(
    ['check', 'looks at', 'measures', 'threshold', 'default', 'where the default comes from'],
    checks.map(({ name, kind, what, bound, threshold }) => [
      `\`${name}\``,
      kind === 'floor' ? 'the candidate' : 'candidate and live version',
      `… ${what}`,
      `\`${threshold}\``,
      `${bound} ${THRESHOLDS[threshold].default}`,
      THRESHOLDS[threshold].why,
    ]),
  );
}

/** What the gate says of every batch of the labelled set. */
export function verdictsTable(set: readonly Labelled[]): string {
  return table(
    ['batch', 'in', 'against', 'verdict', 'stopped by (measured)'],
    set.map((batch) => {
      const by = stoppedBy(batch);
      const stopped = by === 'the loader' || by.length > 0;
      const reasons =
        by === 'the loader' ? by : by.map(({ name, measured }) => `${name} ${rounded(measured)}`).join(', ');
      return [
        batch.name,
        batch.label === 'good' ? '' : percent(batch.share),
        batch.isFirstLoad ? 'nothing' : 'live version',
        stopped ? 'stopped' : 'passes',
        reasons,
      ];
    }),
  );
}

/** What each check measured in the good batches, and the smallest part with each fault in which it still sees it. */
export function weakestTable(set: readonly Labelled[]): string {
  const good = set.filter(({ label }) => label === 'good');
  const bad = set.filter(({ label, isFirstLoad }) => label === 'bad' && !isFirstLoad);
  return table(
    ['check', 'threshold', 'good batches', 'weakest fault that it stops'],
    checks.map(({ name, threshold, bound }) => {
      const values = good.flatMap((batch) => resultOf(batch, name)?.measured ?? []);
      const caught = Map.groupBy(
        bad.filter((batch) => (resultOf(batch, name)?.outcome ?? 'passed') !== 'passed'),
        (batch) => batch.name,
      );
      const weakest = [...caught].map(([fault, batches]) => {
        const least = batches.reduce((a, b) => (b.share < a.share ? b : a));
        return `${fault} ${percent(least.share)} (${rounded(resultOf(least, name)?.measured ?? null)})`;
      });
      return [
        `\`${name}\``,
        `${bound} ${THRESHOLDS[threshold].default}`,
        values.length === 0 ? 'not measured' : range(Math.min(...values), Math.max(...values)),
        weakest.join(', ') || 'none of these',
      ];
    }),
  );
}

function resultOf({ verdict }: Labelled, name: string): CheckResult | undefined {
  return 'refused' in verdict ? undefined : verdict.checks.find((check) => check.name === name);
}

const percent = (share: number) => `${shortNumber(share * 100)} %`;
const range = (least: number, most: number) =>
  rounded(least) === rounded(most) ? rounded(least) : `${rounded(least)} to ${rounded(most)}`;

/** Three digits: sums of many numbers differ in the last ones from run to run. */
function rounded(value: number | null): string {
  if (value === null) return 'not measured';
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(3)));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
