import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Proof, Row } from './row.ts';

/** What a test found, as `recordFigure` noted it. */
export interface Figure {
  readonly guarantee: number;
  /** The test's file, from the repository's root. */
  readonly file: string;
  readonly test: string;
  readonly tried: number;
  readonly result: string;
}

/** How a proof's tests ended: one, or as many as its title stands for. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
}

/** What the last run of each row found; rows are run together or apart. */
export interface Outcomes {
  /** By `keyOf`. */
  readonly proofs: Readonly<Record<string, Outcome>>;
  /** By the number of the row. */
  readonly figures: Readonly<Record<string, readonly Figure[]>>;
}

/** A test as vitest reports it. */
export interface Reported {
  readonly file: string;
  readonly title: string;
  readonly status: string;
}

const FILE = join(import.meta.dirname, 'outcomes.json');

export function keyOf({ file, title }: Proof): string {
  return `${file} › ${title}`;
}

export async function readOutcomes(): Promise<Outcomes> {
  return JSON.parse(await readFile(FILE, 'utf8')) as Outcomes;
}

export async function writeOutcomes(outcomes: Outcomes): Promise<void> {
  await writeFile(FILE, `${JSON.stringify(outcomes, null, 2)}\n`);
}

/** The outcomes of these rows in this run, beside those of all others before. */
export function merged(
  before: Outcomes,
  rows: readonly Row[],
  reported: readonly Reported[],
  figures: readonly Figure[],
): Outcomes {
  const ran = new Set(reported.map(({ file }) => file));
  // Of tests that no row names any more, nothing is kept.
  const proofs: Record<string, Outcome> = {};
  for (const proof of rows.flatMap((row) => row.proofs ?? [])) {
    const outcome = ran.has(proof.file) ? outcomeOf(proof, reported) : before.proofs[keyOf(proof)];
    if (outcome !== undefined) proofs[keyOf(proof)] = outcome;
  }
  const found: Record<string, readonly Figure[]> = {};
  for (const { number } of rows) {
    // What services found stands until services are asked again, and the other way round.
    const kept = (before.figures[number] ?? []).filter(({ file }) => !ran.has(file));
    const now = figures.filter(({ guarantee }) => guarantee === number);
    if (kept.length + now.length > 0) found[number] = [...kept, ...now];
  }
  return { proofs, figures: found };
}

function outcomeOf({ file, title }: Proof, reported: readonly Reported[]): Outcome {
  const pattern = patternOf(title);
  const tests = reported.filter((each) => each.file === file && pattern.test(each.title));
  const passed = tests.filter(({ status }) => status === 'passed').length;
  return { passed, failed: tests.length - passed };
}

/** The titles that a title stands for: `%i` and `$name` are filled in for each case. */
export function patternOf(title: string): RegExp {
  const parts = title.split(/%[sdijfo%]|\$[A-Za-z.]+/).map((part) => RegExp.escape(part));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
