import { createRandom, createZipf } from '../draw.ts';
import { until, type Lab } from '../lab.ts';
import type { Duration } from '../load.ts';
import { measure, mediansOf, type Arm, type Measured } from '../measure.ts';
import { timedRatio } from '../ratios.ts';
import { PATIENT, type Findings, type Scenario } from '../scenario.ts';
import { capacityOf, fillCache } from '../server.ts';
import { median } from '../statistics.ts';
import { REALISTIC } from '../stub/behaviour.ts';
import { hitRatio, readMetrics } from '../topshelf-metrics.ts';
import { VERSIONS } from '../versions.ts';

const USERS = 1_000_000;
/** In the cache before anything is measured: about as many as fit. */
const CACHED = 150_000;
const CONNECTIONS = 256;
const BUSY_SHARE = 0.7;
const SWAPS = 200;
/** Far more often than any shop publishes. */
const BETWEEN_SWAPS_MS = 250;

interface Phase {
  readonly measured: Measured;
  readonly hitRatio: number;
}

export const swapUnderLoad: Scenario = {
  name: 'swap-under-load',
  question: 'Does anybody notice 200 swaps while the server’s core is busy for 70 % of the time?',
  async run(lab) {
    await lab.stub.behave(REALISTIC);
    const server = await lab.startTopshelf(PATIENT);
    const nextUser = createZipf(USERS, createRandom(1));
    // Low numbers are the ones that come most often.
    await fillCache(
      server.api,
      Array.from({ length: CACHED }, (_, rank) => rank),
    );
    const loadOf = (rate: number): Arm => ({
      name: 'topshelf',
      server,
      load: { connections: CONNECTIONS, nextUser, rate },
    });
    // What callers who wait for each other's answers can get makes larger batches than the same rate of others does, and
    // says too much: the rate is the one at which the core is so busy.
    const first = loadOf(BUSY_SHARE * (await capacityOf(server.api, nextUser)));
    const { cpuMicrosPerRequest } = await measure(lab.stub, lab.seconds, first);
    const arm = loadOf((BUSY_SHARE * 1e6) / cpuMicrosPerRequest);

    const phase = async (duration: Duration): Promise<Phase> => {
      const before = await readMetrics(server.ops);
      const measured = await measure(lab.stub, duration, arm);
      return { measured, hitRatio: hitRatio(before, await readMetrics(server.ops)) };
    };
    const steady: Phase[] = [];
    const swapping: Phase[] = [];
    for (let round = 0; round < lab.rounds; round++) {
      steady.push(await phase(lab.seconds));
      swapping.push(await phase(swap(lab, server.ops, Math.ceil(SWAPS / lab.rounds))));
    }
    return findingsOf(steady, swapping);
  },
};

/** Goes back and forth between two versions, so many times, each swap adopted before the next. */
async function swap(lab: Lab, ops: string, times: number): Promise<void> {
  for (let done = 0; done < times; done++) {
    const next = new Promise((resolve) => setTimeout(resolve, BETWEEN_SWAPS_MS));
    const epoch = await lab.point(VERSIONS[(done + 1) % VERSIONS.length]!);
    const isAdopted = async () => (await (await fetch(`${ops}/status`)).text()).includes(`"epoch":${epoch},`);
    await until(isAdopted, `epoch ${epoch} is served`);
    await next;
  }
}

function findingsOf(steadyPhases: readonly Phase[], swappingPhases: readonly Phase[]): Findings {
  const steady = mediansOf(steadyPhases.map(({ measured }) => measured));
  const swapping = mediansOf(swappingPhases.map(({ measured }) => measured));
  const hits = (phases: readonly Phase[]) => median(phases.map((each) => each.hitRatio));
  const arms = { steady, swapping };
  const both = [steady, swapping];
  const fall = (hits(steadyPhases) - hits(swappingPhases)) * 100;
  return {
    arms,
    facts: { 'hit ratio, steady': hits(steadyPhases), 'hit ratio, swapping': hits(swappingPhases) },
    ratios: [
      timedRatio('200 swaps under 70 % load: errors', { atMost: 0 }, swapping.errors, [], 'errors'),
      timedRatio(
        '200 swaps under 70 % load: p99 ÷ steady p99',
        { atMost: 1.3 },
        swapping.latencyMs.p99 / steady.latencyMs.p99,
        both,
      ),
      timedRatio('200 swaps under 70 % load: fall of the hit ratio', { atMost: 5 }, fall, [], 'points'),
    ],
  };
}
