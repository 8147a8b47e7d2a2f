/** The numbers of a topshelf's ops listener, by their line in Prometheus' text: `name{label="value"}`. */
export type Metrics = ReadonlyMap<string, number>;

export async function readMetrics(ops: string): Promise<Metrics> {
  const text = await (await fetch(`${ops}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

/** The sum of a metric over its series, or those with one label. */
export function sumOf(metrics: Metrics, name: string, label = ''): number {
  let sum = 0;
  for (const [line, value] of metrics) {
    if ((line === name || line.startsWith(`${name}{`)) && line.includes(label)) sum += value;
  }
  return sum;
}

/** The share of look-ups between two readings that found the user in memory. */
export function hitRatio(from: Metrics, to: Metrics): number {
  const name = 'topshelf_cache_lookups_total';
  const grown = (label?: string) => sumOf(to, name, label) - sumOf(from, name, label);
  return grown('outcome="hit"') / Math.max(1, grown());
}
