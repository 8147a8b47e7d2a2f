import type { Metric, Registry } from 'prom-client';

export interface TallyOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly registers: readonly Registry[];
}

type Labels = Record<string, string>;

/** One series: its labels, and what is counted. */
interface Series<T> {
  readonly labels: Labels;
  readonly count: T;
}

/** Finds the series of label values that come in the order of the names, without making a key of them. */
class SeriesTree<T> {
  readonly #names: readonly string[];
  readonly #make: () => T;
  readonly #root = new Map<string, unknown>();
  readonly all: Series<T>[] = [];

  constructor(names: readonly string[], make: () => T) {
    this.#names = names;
    this.#make = make;
  }

  find(values: readonly string[]): T {
    let branch = this.#root;
    const last = values.length - 1;
    for (let index = 0; index < last; index += 1) {
      const value = values[index] ?? '';
      let next = branch.get(value) as Map<string, unknown> | undefined;
      if (next === undefined) branch.set(value, (next = new Map()));
      branch = next;
    }
    const leaf = values[last] ?? '';
    let count = branch.get(leaf) as T | undefined;
    if (count === undefined) branch.set(leaf, (count = this.#add(values)));
    return count;
  }

  #add(values: readonly string[]): T {
    const count = this.#make();
    const labels = Object.fromEntries(this.#names.map((name, index) => [name, values[index] ?? '']));
    this.all.push({ labels, count });
    return count;
  }
}

/** A counter for what happens in every request: a tenth of the time that prom-client's takes, the same series. */
export class TallyCounter {
  readonly name: string;
  readonly #help: string;
  readonly #tree: SeriesTree<{ value: number }>;

  constructor({ name, help, labelNames, registers }: TallyOptions) {
    this.name = name;
    this.#help = help;
    this.#tree = new SeriesTree(labelNames, () => ({ value: 0 }));
    register(this, registers);
  }

  /** Counts one; label values in the order of the names. */
  inc(...labels: readonly string[]): void {
    this.#tree.find(labels).value += 1;
  }

  /** What the registry asks for at a scrape. */
  async get() {
    const values = this.#tree.all.map(({ labels, count: { value } }) => ({ labels, value }));
    return { name: this.name, help: this.#help, type: 'counter', aggregator: 'sum', values };
  }
}

interface Distribution {
  /** By bucket; the last one is above all of them. */
  readonly counts: number[];
  sum: number;
}

/** A histogram for what happens in every request; see TallyCounter. */
export class TallyHistogram {
  readonly name: string;
  readonly #help: string;
  readonly #buckets: readonly number[];
  readonly #tree: SeriesTree<Distribution>;

  constructor({ name, help, labelNames, registers, buckets }: TallyOptions & { buckets: readonly number[] }) {
    this.name = name;
    this.#help = help;
    this.#buckets = buckets;
    this.#tree = new SeriesTree(labelNames, () => ({
      counts: Array.from({ length: buckets.length + 1 }, () => 0),
      sum: 0,
    }));
    register(this, registers);
  }

  /** Adds a value; label values in the order of the names. */
  observe(value: number, ...labels: readonly string[]): void {
    const distribution = this.#tree.find(labels);
    const { counts } = distribution;
    let bucket = 0;
    while (bucket < this.#buckets.length && value > (this.#buckets[bucket] ?? Infinity)) bucket += 1;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    distribution.sum += value;
  }

  /** What the registry asks for at a scrape. */
  async get() {
    const values = this.#tree.all.flatMap((series) => this.#valuesOf(series));
    return { name: this.name, help: this.#help, type: 'histogram', aggregator: 'sum', values };
  }

  /** Prometheus's buckets hold all that is at most so large. */
  #valuesOf({ labels, count: { counts, sum } }: Series<Distribution>) {
    let total = 0;
    const buckets = counts.map((count, index) => ({
      labels: { ...labels, le: String(this.#buckets[index] ?? '+Inf') },
      value: (total += count),
      metricName: `${this.name}_bucket`,
    }));
    return [
      ...buckets,
      { labels, value: sum, metricName: `${this.name}_sum` },
      { labels, value: total, metricName: `${this.name}_count` },
    ];
  }
}

/** A registry asks a metric for its name, and at a scrape for `get`: all that these have in common with its own. */
function register(metric: TallyCounter | TallyHistogram, registers: readonly Registry[]): void {
  for (const registry of registers) registry.registerMetric(metric as unknown as Metric);
}
