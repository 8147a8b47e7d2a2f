import { MAX_GENERATOR_BUSY, type Measured } from './measure.ts';
import { isMet, type Comparison, type Ratio } from './ratios.ts';
import type { Findings, Scenario } from './scenario.ts';

export const print = (line = '') => void process.stdout.write(`${line}\n`);

const COLUMNS = [
  '',
  'requests/s',
  'CPU µs',
  'p50 ms',
  'p99 ms',
  'p99.9 ms',
  'personal',
  'errors',
  'load busy',
  'noise',
];
const WIDTHS = [34, 11, 9, 9, 9, 9, 9, 7, 10, 7];

export function printFindings({ name, question }: Scenario, { arms, facts }: Findings): void {
  print();
  print(`${name}: ${question}`);
  if (Object.keys(arms).length > 0) printRow(COLUMNS);
  for (const [arm, measured] of Object.entries(arms)) printRow([`  ${arm}`, ...cellsOf(measured)]);
  for (const [fact, value] of Object.entries(facts ?? {})) print(`  ${fact}: ${shownNumber(value)}`);
}

function cellsOf(measured: Measured): string[] {
  const {
    requestsPerSecond,
    cpuMicrosPerRequest,
    latencyMs,
    personalizedShare,
    errors,
    generatorBusy,
    noise,
  } = measured;
  return [
    requestsPerSecond.toFixed(0),
    cpuMicrosPerRequest.toFixed(1),
    latencyMs.p50.toFixed(2),
    latencyMs.p99.toFixed(2),
    latencyMs.p999.toFixed(2),
    shownShare(personalizedShare),
    String(errors),
    `${shownShare(generatorBusy)}${generatorBusy > MAX_GENERATOR_BUSY ? ' !' : ''}`,
    shownShare(noise),
  ];
}

function printRow(cells: readonly string[]): void {
  print(
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(WIDTHS[at] ?? 0) : cell.padStart(WIDTHS[at] ?? 0)))
      .join(''),
  );
}

export function printRatios(ratios: readonly Ratio[]): void {
  print();
  print('personal  answers that say that they are personalized; peers say nothing');
  print('!         the core of the load was over 80 % busy: of that row only CPU per request counts');
  print('noise     what other programs took of the server’s core');
  print();
  for (const row of ratioTable(ratios)) print(row);
}

/** The ratios beside their goals, as a table that is also Markdown. */
export function ratioTable(ratios: readonly Ratio[]): string[] {
  const rows = ratios.map((ratio) => [ratio.name, shownRatio(ratio), shownGoal(ratio), verdictOf(ratio)]);
  return alignTable([['ratio', 'measured', 'goal', ''], ...rows]);
}

export function printComparison(comparisons: readonly Comparison[]): void {
  print();
  const rows = comparisons.map((each) => [
    each.ratio.name,
    shownNumber(each.ratio.value),
    each.recorded === undefined ? 'none' : shownNumber(each.recorded),
    comparedAs(each),
  ]);
  for (const row of alignTable([['ratio', 'measured', 'recorded', ''], ...rows])) print(row);
}

function comparedAs({ ratio, recorded, isFine }: Comparison): string {
  if (isFine) return 'fine';
  if (ratio.void !== undefined) return `does not count: ${ratio.void}`;
  return recorded === undefined ? 'NEVER RECORDED' : 'FELL SHORT';
}

function alignTable(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, at) => Math.max(3, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(rows[0]!), line(widths.map((width) => '-'.repeat(width))), ...rows.slice(1).map(line)];
}

function shownRatio({ value, unit }: Ratio): string {
  return unit === undefined ? shownNumber(value) : `${shownNumber(value)} ${unit}`;
}

function shownGoal({ goal, unit }: Ratio): string {
  const [sign, limit] = 'atMost' in goal ? ['≤', goal.atMost] : ['≥', goal.atLeast];
  return unit === undefined ? `${sign} ${limit}` : `${sign} ${limit} ${unit}`;
}

function verdictOf(ratio: Ratio): string {
  return ratio.void !== undefined ? `does not count: ${ratio.void}` : isMet(ratio) ? 'met' : 'missed';
}

function shownShare(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function shownNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}
