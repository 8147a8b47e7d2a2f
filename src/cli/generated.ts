/** When predictions were made, for people: a file's time is that of its copy, where it was copied. */
export function generatedText({
  generatedAt,
  generatedAtFrom,
}: {
  readonly generatedAt: string | null;
  readonly generatedAtFrom: 'rows' | 'file' | null;
}): string {
  return `${generatedAt}${generatedAtFrom === 'file' ? ' (the newest file’s time: the rows have none)' : ''}`;
}
