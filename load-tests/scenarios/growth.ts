import { createRandom, createSequence, createUniform } from '../draw.ts';
import type { Lab } from '../lab.ts';
import { alternate } from '../measure.ts';
import { cpuRatio } from '../ratios.ts';
import { CONNECTIONS, PATIENT, type Scenario } from '../scenario.ts';
import { fillCache } from '../server.ts';
import { AT_ONCE } from '../stub/behaviour.ts';
import { readMetrics, sumOf } from '../topshelf-metrics.ts';

const FEW = 10_000;
const MANY = 10_000_000;
/** Holds fewer than `FEW` users: going round them all finds nobody in memory, going round `HOT` of them everybody. */
const CACHE = { TOPSHELF_CACHE_BYTES: String(5 * 1024 * 1024) } as const;
const HOT = 2_000;
/** For the memory of a user: large enough that what else a process needs hardly shows. */
const LARGE_CACHE_BYTES = 64 * 1024 * 1024;
const SMALL_CACHE_BYTES = 1024 * 1024;
const MORE_THAN_FIT = 120_000;

export const growth: Scenario = {
  name: 'growth',
  question: 'Does an answer cost more where there are ten million users than where there are ten thousand?',
  async run(lab) {
    await lab.stub.behave(AT_ONCE);
    const hits = async (users: number) => {
      const server = await lab.startTopshelf({ ...PATIENT, ...CACHE });
      // All of them pass through the cache first, as far as a short test goes; the hot ones are the last.
      await fillCache(
        server.api,
        Array.from({ length: FEW }, (_, at) => spread(at, FEW, users)),
      );
      const prepare = () =>
        fillCache(
          server.api,
          Array.from({ length: HOT }, (_, at) => spread(at, HOT, users)),
        );
      const draw = createUniform(HOT, createRandom(1));
      return {
        server,
        prepare,
        load: { connections: CONNECTIONS, nextUser: () => spread(draw(), HOT, users) },
      };
    };
    const misses = async (users: number) => ({
      server: await lab.startTopshelf({ ...PATIENT, ...CACHE }),
      load: { connections: CONNECTIONS, nextUser: createSequence(users) },
    });
    const arms = await alternate(lab, [
      { name: 'hit, 10 thousand', ...(await hits(FEW)) },
      { name: 'hit, 10 million', ...(await hits(MANY)) },
      { name: 'miss, 10 thousand', ...(await misses(FEW)) },
      { name: 'miss, 10 million', ...(await misses(MANY)) },
    ] as const);
    return {
      arms,
      facts: await memoryOf(lab),
      ratios: [
        cpuRatio(
          'growth: cost per hit, 10 million ÷ 10 thousand users',
          { atMost: 1.1 },
          arms['hit, 10 million'],
          arms['hit, 10 thousand'],
          Object.values(arms),
        ),
        cpuRatio(
          'growth: cost per miss, 10 million ÷ 10 thousand users',
          { atMost: 1.1 },
          arms['miss, 10 million'],
          arms['miss, 10 thousand'],
          Object.values(arms),
        ),
      ],
    };
  },
};

/** The `at`th of `count` users that lie evenly among `users`. */
function spread(at: number, count: number, users: number): number {
  return Math.floor((at * users) / count);
}

/**
 * What a user in the cache takes, as the cache counts it and as the process grows: beside a server with the same traffic
 * and hardly any cache, because what garbage is lying about is not the cache's.
 */
async function memoryOf(lab: Lab): Promise<Record<string, number>> {
  const fill = async (cacheBytes: number) => {
    const server = await lab.startTopshelf({ TOPSHELF_CACHE_BYTES: String(cacheBytes) });
    await fillCache(server.api, Array.from({ length: MORE_THAN_FIT }, (_, at) => at).values());
    const metrics = await readMetrics(server.ops);
    return (name: string) => sumOf(metrics, name);
  };
  const [large, small] = [await fill(LARGE_CACHE_BYTES), await fill(SMALL_CACHE_BYTES)];
  const more = (name: string) => large(name) - small(name);
  const entries = large('topshelf_cache_entries');
  const bytes = large('topshelf_cache_size_bytes');
  return {
    'cached users': entries,
    'bytes per cached user, as the cache counts': bytes / entries,
    'bytes per cached user, as the process grows':
      more('process_resident_memory_bytes') / more('topshelf_cache_entries'),
    'size of the cache ÷ its limit': bytes / large('topshelf_cache_limit_bytes'),
  };
}
