import { appendFileSync } from 'node:fs';

/**
 * Notes what a test found, for the table of guarantees: one line of JSON appended to the file that `TOPSHELF_FIGURES`
 * names. Without the variable nothing is noted.
 */
export function recordFigure(
  guarantee: number,
  figure: { readonly test: string; readonly tried: number; readonly result: string },
): void {
  const file = process.env.TOPSHELF_FIGURES;
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ guarantee, ...figure })}\n`);
}
