/**
 * `npm run soak -- [--minutes 120] [--swap-seconds 60] [--rate 200]`: a server under a load that changes with every
 * swap, for hours. Prints how heap, handles, timers, sockets and lag developed, writes it to results/soak.json, and ends
 * with 1 where the heap or what is held open grew beyond its bound, or a request failed.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom, createZipf } from '../draw.ts';
import { until, withLab, type Lab } from '../lab.ts';
import { applyLoad, type LoadResult } from '../load.ts';
import { print } from '../report.ts';
import { describeMachine, roundNumbers } from '../results.ts';
import { REALISTIC } from '../stub/behaviour.ts';
import { VERSIONS } from '../versions.ts';
import { takeSample, type Sample } from './sample.ts';
import { judgeSoak, type Verdict } from './verdict.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '120' },
    'swap-seconds': { type: 'string', default: '60' },
    rate: { type: 'string', default: '200' },
  },
});

const USERS = 20_000;
/** The load of one interval after the other: shares of the rate, and connections, which come and go with them. */
const LOADS = [
  { share: 1, connections: 32 },
  { share: 0.25, connections: 4 },
  { share: 1.75, connections: 64 },
  { share: 0.5, connections: 16 },
] as const;
const SAMPLE_MS = 2_000;
/** Without load before what is left is counted: connections of callers have gone, reads that were given up have ended. */
const REST_MS = 3_000;
const SETTINGS = {
  TOPSHELF_CACHE_BYTES: String(32 * 1024 * 1024),
  TOPSHELF_CACHE_MAX_AGE_SECONDS: '120',
  // A small heap is collected often, whatever growth the server allows: its lowest point in an interval is what is really
  // in use.
  NODE_OPTIONS: '--max-old-space-size=64',
};
const FILE = join(import.meta.dirname, '../results/soak.json');

interface Soaked {
  readonly intervals: readonly Sample[];
  readonly requests: number;
  readonly errors: number;
  readonly swaps: number;
}

function positive(name: 'minutes' | 'swap-seconds' | 'rate'): number {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} must be a positive number, got ${values[name]}`);
  return value;
}

const minutes = positive('minutes');
const swapSeconds = positive('swap-seconds');
const rate = positive('rate');

/** One swap and one interval of load; resolves with what is held afterwards, the heap at its lowest. */
async function interval(lab: Lab, index: number, ops: string, load: Promise<LoadResult>): Promise<number> {
  const epoch = await lab.point(VERSIONS[(index + 1) % VERSIONS.length]!);
  await until(
    async () => (await (await fetch(`${ops}/status`)).text()).includes(`"epoch":${epoch},`),
    `epoch ${epoch}`,
  );
  let lowest = Infinity;
  let isOver = false;
  void load.finally(() => (isOver = true));
  while (!isOver) {
    lowest = Math.min(lowest, (await takeSample(ops, 0)).heapMegabytes);
    await pause(SAMPLE_MS);
  }
  return lowest;
}

async function soak(lab: Lab): Promise<Soaked> {
  await lab.stub.behave(REALISTIC);
  const server = await lab.startTopshelf(SETTINGS);
  const nextUser = createZipf(USERS, createRandom(1));
  const startedAt = performance.now();
  const elapsed = () => (performance.now() - startedAt) / 60_000;
  const intervals: Sample[] = [];
  let [requests, errors] = [0, 0];
  for (let index = 0; elapsed() < minutes; index += 1) {
    const { share, connections } = LOADS[index % LOADS.length]!;
    const load = applyLoad(server.api, swapSeconds, { connections, nextUser, rate: rate * share });
    const lowest = await interval(lab, index, server.ops, load);
    const result = await load;
    requests += result.requests;
    errors += result.errors;
    await pause(REST_MS);
    const sample = await takeSample(server.ops, elapsed());
    intervals.push({ ...sample, heapMegabytes: Math.min(lowest, sample.heapMegabytes) });
    print(describe(intervals.at(-1)!));
  }
  return { intervals, requests, errors, swaps: intervals.length };
}

function describe({
  minutes: at,
  heapMegabytes,
  residentMegabytes,
  handles,
  timers,
  sockets,
}: Sample): string {
  return (
    `${at.toFixed(1)} min: heap ${heapMegabytes.toFixed(1)} MB, resident ${residentMegabytes.toFixed(0)} MB, ` +
    `${handles} handles, ${timers} timers, ${sockets} sockets`
  );
}

function printTrends({ trends, failures }: Verdict, { requests, errors, swaps }: Soaked): void {
  print(`\n${requests} requests, ${errors} errors, ${swaps} swaps`);
  for (const [quantity, { perHour, median, first, last }] of Object.entries(trends)) {
    const [middle, from, to] = [median, first, last].map((value) => value.toFixed(1));
    print(`  ${quantity}: ${perHour.toFixed(2)} per hour (median ${middle}, from ${from} to ${to})`);
  }
  for (const failure of failures) print(`  failed: ${failure}`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const soaked = await withLab({ seconds: swapSeconds, rounds: 1, quick: false }, soak);
const verdict = judgeSoak(soaked.intervals);
printTrends(verdict, soaked);
const result = {
  machine: describeMachine(),
  takenAt: new Date().toISOString(),
  minutes,
  swapSeconds,
  rate,
  ...verdict,
  ...soaked,
};
await mkdir(dirname(FILE), { recursive: true });
await writeFile(FILE, `${JSON.stringify(result, roundNumbers, 2)}\n`);
process.exit(verdict.failures.length > 0 || soaked.errors > 0 ? 1 : 0); // connections of the last load may linger
