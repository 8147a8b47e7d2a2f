/** The samples of an ops listener's `/metrics`, as they are written there: `name{labels}` → value. */
export async function scrapeOf(server: { readonly ops: string }): Promise<Map<string, number>> {
  const text = await (await fetch(`${server.ops}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

/** The sum of all samples of a metric whose labels are among those given. */
export function total(samples: ReadonlyMap<string, number>, name: string, ...labels: string[]): number {
  let sum = 0;
  for (const [sample, value] of samples) {
    const isIt = sample === name || sample.startsWith(`${name}{`);
    if (isIt && labels.every((label) => sample.includes(label))) sum += value;
  }
  return sum;
}

/** What a server says that it has answered, by `source/reason`. */
export function answersIn(samples: ReadonlyMap<string, number>): Record<string, number> {
  const tally: Record<string, number> = {};
  for (const [sample, value] of samples) {
    const [, source, reason = ''] =
      /^topshelf_answers_total\{.*source="([^"]*)"(?:,reason="([^"]*)")?/.exec(sample) ?? [];
    if (source !== undefined && value > 0)
      tally[`${source}/${reason}`] = (tally[`${source}/${reason}`] ?? 0) + value;
  }
  return tally;
}
