export interface Series {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The series of a scrape: Prometheus's text, without the values. */
export function seriesOf(text: string): Series[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, metric = '', labels = ''] = /^([a-zA-Z0-9_:]+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    const pairs = labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g);
    return {
      metric,
      labels: Object.fromEntries([...pairs].map(([, name = '', value = '']) => [name, value] as const)),
    };
  });
}
