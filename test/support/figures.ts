import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { expect } from 'vitest';

/** What a test found out about one of the guarantees that the project publishes. */
export interface Figure {
  /** The test's title. */
  readonly test: string;
  /** How often it was tried. */
  readonly tried: number;
  /** What came of it, with its unit. */
  readonly result: string;
}

/** Adds a line of JSON to the file that `TOPSHELF_FIGURES` names; does nothing where it names none. */
export function recordFigure(guarantee: number, figure: Figure): void {
  const file = process.env.TOPSHELF_FIGURES;
  if (file === undefined || file === '') return;
  // With the file of the test: what it found before is what this takes the place of.
  const by = relative(process.cwd(), expect.getState().testPath ?? '');
  appendFileSync(file, `${JSON.stringify({ guarantee, file: by, ...figure })}\n`);
}
