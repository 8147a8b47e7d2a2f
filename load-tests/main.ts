/**
 * `npm run load-test -- [SCENARIO …] [--rounds 5] [--seconds 5] [--quick]`: runs the scenarios, all unless some are
 * named, prints what was found and writes it to results/, if the medians are of at least five rounds. `--quick` writes
 * nothing: it compares the ratios of CPU with the recorded ones and ends with 1 where one fell short.
 */
import { parseArgs } from 'node:util';
import { writeCharts } from './charts.ts';
import { withLab, type LabOptions } from './lab.ts';
import { compareWithRecorded, type Ratio } from './ratios.ts';
import { print, printComparison, printFindings, printRatios } from './report.ts';
import {
  describeMachine,
  mergeResults,
  readResults,
  writeResults,
  type RecordedFindings,
} from './results.ts';
import { SCENARIOS } from './scenarios/all.ts';
import type { Scenario } from './scenario.ts';

const MIN_ROUNDS_TO_RECORD = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
  },
});
const { quick } = values;
const options: LabOptions = {
  quick,
  rounds: positiveNumber('--rounds', values.rounds ?? (quick ? '3' : '5')),
  seconds: positiveNumber('--seconds', values.seconds ?? (quick ? '3' : '5')),
};

function positiveNumber(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name} must be a positive number, got ${text}`);
  return value;
}

function chosenScenarios(): readonly Scenario[] {
  if (positionals.length === 0) return quick ? SCENARIOS.filter(({ isQuick }) => isQuick) : SCENARIOS;
  return positionals.map((name) => {
    const found = SCENARIOS.find((scenario) => scenario.name === name);
    if (found !== undefined) return found;
    throw new Error(
      `there is no scenario ${name}; there are ${SCENARIOS.map((each) => each.name).join(', ')}`,
    );
  });
}

async function runAll(scenarios: readonly Scenario[]): Promise<Record<string, RecordedFindings>> {
  const found: Record<string, RecordedFindings> = {};
  for (const scenario of scenarios) {
    const findings = await withLab(options, (lab) => scenario.run(lab));
    printFindings(scenario, findings);
    const { rounds, seconds: secondsPerRun } = options;
    found[scenario.name] = { takenAt: new Date().toISOString(), rounds, secondsPerRun, ...findings };
  }
  return found;
}

async function record(scenarios: Record<string, RecordedFindings>): Promise<void> {
  if (options.rounds < MIN_ROUNDS_TO_RECORD) {
    return print(`\nnot recorded: medians of ${options.rounds}, and ${MIN_ROUNDS_TO_RECORD} are the least`);
  }
  const results = mergeResults(await readResults(), { machine: describeMachine(), scenarios });
  await writeResults(results);
  await writeCharts(results);
}

/** Resolves with the exit code. What fell short is measured once more: a busy moment is no regression. */
async function compare(scenarios: readonly Scenario[]): Promise<number> {
  const recorded = await readResults();
  if (recorded === undefined) {
    print('nothing was ever recorded: run npm run load-test on a quiet machine and commit its results');
    return 1;
  }
  const expected = ratiosOf(recorded.scenarios);
  const isFine = async () => {
    const comparisons = compareWithRecorded(ratiosOf(await runAll(scenarios)), expected);
    printComparison(comparisons);
    return comparisons.every((each) => each.isFine);
  };
  return (await isFine()) || (await isFine()) ? 0 : 1;
}

function ratiosOf(found: Readonly<Record<string, RecordedFindings>>): Ratio[] {
  return Object.values(found).flatMap((each) => each.ratios);
}

const scenarios = chosenScenarios();
const machine = describeMachine();
print(
  `node ${machine.node}, ${machine.cores} cores, ${machine.cpu}; ${options.rounds} rounds of ${options.seconds} s`,
);
if (quick) process.exit(await compare(scenarios));
const found = await runAll(scenarios);
printRatios(ratiosOf(found));
await record(found);
process.exit(0); // connections of the last scenario may linger
