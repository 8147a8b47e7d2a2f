import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { barChart, type Bar } from './bar-chart.ts';
import type { Measured } from './measure.ts';
import type { Results } from './results.ts';

type Arms = Readonly<Record<string, Measured>>;

const FOLDER = join(import.meta.dirname, 'results');

/** Draws what was recorded, for the README: one file a chart, for the scenarios that there are results of. */
export async function writeCharts({ scenarios }: Pick<Results, 'scenarios'>): Promise<void> {
  const armsOf = (name: string): Arms => scenarios[name]?.arms ?? {};
  const charts: readonly (readonly [file: string, title: string, bars: Bar[]])[] = [
    [
      'cpu-per-request',
      'CPU per request on one core, µs',
      [...cpuBars('cached', armsOf('cached')), ...cpuBars('uncached', armsOf('uncached'))],
    ],
    [
      'overload',
      'Answers a second beyond the table’s capacity: personalized + popular',
      Object.entries(armsOf('overload')).map(([name, arm]) => sourceBar(name, arm)),
    ],
    [
      'latency',
      'p99, ms',
      [...latencyBars('swaps', armsOf('swap-under-load')), ...latencyBars('brownout', armsOf('brownout'))],
    ],
  ];
  for (const [file, title, bars] of charts) {
    if (bars.length > 0) await writeFile(join(FOLDER, `${file}.svg`), barChart(title, bars));
  }
}

function cpuBars(scenario: string, arms: Arms): Bar[] {
  return Object.entries(arms).map(([name, { cpuMicrosPerRequest }]) => ({
    label: `${scenario}: ${name}`,
    parts: [cpuMicrosPerRequest],
    note: cpuMicrosPerRequest.toFixed(1),
    isOurs: name === 'topshelf',
  }));
}

function sourceBar(label: string, { requestsPerSecond, personalizedShare }: Measured): Bar {
  const personalized = requestsPerSecond * personalizedShare;
  const note = `${Math.round(personalized)} + ${Math.round(requestsPerSecond - personalized)}`;
  return { label, parts: [personalized, requestsPerSecond - personalized], note, isOurs: true };
}

function latencyBars(scenario: string, arms: Arms): Bar[] {
  return Object.entries(arms).map(([name, { latencyMs }]) => ({
    label: `${scenario}: ${name}`,
    parts: [latencyMs.p99],
    note: latencyMs.p99.toFixed(1),
    isOurs: true,
  }));
}
