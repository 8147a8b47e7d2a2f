import { appendFileSync } from 'node:fs';

/** Adds what a test found of a guarantee to the file that TOPSHELF_FIGURES names; does nothing where it names none. */
export function recordFigure(
  guarantee: number,
  figure: { readonly test: string; readonly tried: number; readonly result: string },
): void {
  const file = process.env.TOPSHELF_FIGURES;
  if (file) appendFileSync(file, `${JSON.stringify({ guarantee, ...figure })}\n`);
}
