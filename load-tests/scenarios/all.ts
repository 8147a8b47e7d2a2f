import type { Scenario } from '../scenario.ts';
import { batching } from './batching.ts';
import { brownout } from './brownout.ts';
import { cached } from './cached.ts';
import { coldStart } from './cold-start.ts';
import { growth } from './growth.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { overload } from './overload.ts';
import { stragglers } from './stragglers.ts';
import { swapUnderLoad } from './swap-under-load.ts';
import { uncached } from './uncached.ts';
import { zipf } from './zipf.ts';

/** Every scenario, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  cached,
  uncached,
  oneAtATime,
  batching,
  stragglers,
  zipf,
  swapUnderLoad,
  overload,
  brownout,
  coldStart,
  growth,
];
