import type { Child } from './child.ts';
import type { LabOptions } from './lab.ts';
import { applyLoad, type Duration, type Latencies, type Load } from './load.ts';
import { busyShare, coreTime, cpuSecondsOf, LOAD_CORE, SERVER_CORE } from './proc.ts';
import { median } from './statistics.ts';
import type { Stub } from './stub/stub.ts';

/** One server under one load: what is compared with the other arms of a scenario. */
export interface Arm {
  readonly name: string;
  readonly server: Pick<Child, 'pid' | 'api'>;
  readonly load: Load;
  /** Called before each run. */
  readonly prepare?: () => Promise<unknown>;
}

/** One run of an arm, or the medians of many (errors: their sum). */
export interface Measured {
  readonly requestsPerSecond: number;
  readonly cpuMicrosPerRequest: number;
  readonly latencyMs: Latencies;
  readonly errors: number;
  /** Share of the requests that were answered later than `DEADLINE_MS`. */
  readonly lateShare: number;
  /** Share of the answers that say they are personalized; a peer says nothing. */
  readonly personalizedShare: number;
  /** What the server asked the store for, for each request it got. */
  readonly readsPerRequest: number;
  readonly keysPerRequest: number;
  /** How busy the core of load and stub was: above `MAX_GENERATOR_BUSY` only the CPU of the server means anything. */
  readonly generatorBusy: number;
  /** The share of the server's core that went to anything but the server: what blurs the other numbers. */
  readonly noise: number;
}

export const MAX_GENERATOR_BUSY = 0.8;
export const MAX_NOISE = 0.1;
const MIN_WARM_UP_SECONDS = 2;

export async function measure(stub: Pick<Stub, 'counts'>, duration: Duration, arm: Arm): Promise<Measured> {
  const { server, load } = arm;
  await arm.prepare?.();
  const counted = await stub.counts();
  const [serverCore, loadCore] = [coreTime(SERVER_CORE), coreTime(LOAD_CORE)];
  const cpu = cpuSecondsOf(server.pid);
  const result = await applyLoad(server.api, duration, load);
  const cpuSeconds = cpuSecondsOf(server.pid) - cpu;
  const generatorBusy = busyShare(loadCore, coreTime(LOAD_CORE));
  const noise = busyShare(serverCore, coreTime(SERVER_CORE)) - cpuSeconds / result.seconds;
  const { reads, keys } = await stub.counts();
  const requests = Math.max(1, result.requests);
  return {
    requestsPerSecond: result.requests / result.seconds,
    cpuMicrosPerRequest: (cpuSeconds * 1e6) / requests,
    latencyMs: result.latencyMs,
    errors: result.errors,
    lateShare: result.late / requests,
    personalizedShare: result.personalized / requests,
    readsPerRequest: (reads - counted.reads) / requests,
    keysPerRequest: (keys - counted.keys) / requests,
    generatorBusy,
    noise: Math.max(0, noise),
  };
}

/** Runs the arms in turn, again and again, so that what the machine does meanwhile befalls them all; their medians. */
export async function alternate<Name extends string>(
  { stub, seconds, rounds }: Pick<LabOptions, 'seconds' | 'rounds'> & { readonly stub: Stub },
  arms: readonly (Arm & { readonly name: Name })[],
): Promise<Record<Name, Measured>> {
  const runs = new Map<Name, Measured[]>(arms.map(({ name }) => [name, []]));
  // Code is compiled and connections are made before anything counts.
  for (const arm of arms) await measure(stub, Math.max(seconds, MIN_WARM_UP_SECONDS), arm);
  for (let round = 0; round < rounds; round++) {
    for (const arm of arms) runs.get(arm.name)?.push(await measure(stub, seconds, arm));
  }
  return Object.fromEntries([...runs].map(([name, each]) => [name, mediansOf(each)])) as Record<
    Name,
    Measured
  >;
}

export function mediansOf(runs: readonly Measured[]): Measured {
  const of = (pick: (run: Measured) => number) => median(runs.map(pick));
  return {
    requestsPerSecond: of((run) => run.requestsPerSecond),
    cpuMicrosPerRequest: of((run) => run.cpuMicrosPerRequest),
    latencyMs: {
      p50: of((run) => run.latencyMs.p50),
      p99: of((run) => run.latencyMs.p99),
      p999: of((run) => run.latencyMs.p999),
      max: of((run) => run.latencyMs.max),
    },
    // Not the median: an error is not to be voted away.
    errors: runs.reduce((sum, run) => sum + run.errors, 0),
    lateShare: of((run) => run.lateShare),
    personalizedShare: of((run) => run.personalizedShare),
    readsPerRequest: of((run) => run.readsPerRequest),
    keysPerRequest: of((run) => run.keysPerRequest),
    generatorBusy: of((run) => run.generatorBusy),
    noise: of((run) => run.noise),
  };
}
