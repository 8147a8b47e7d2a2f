import { createLognormal, createRandom, type Random } from '../draw.ts';
import type { Behaviour } from './behaviour.ts';

/** Draws how long a read of so many keys takes, in milliseconds. */
export function createDelays(
  { latency, stragglers }: Pick<Behaviour, 'latency' | 'stragglers'>,
  random: Random = createRandom(1),
): (keys: number) => number {
  const draw = latency === null ? () => 0 : createLognormal(latency.p50Ms, latency.p99Ms, random);
  return (keys) => {
    let slowest = 0;
    for (let key = 0; key < keys; key++) slowest = Math.max(slowest, draw());
    const isLate = stragglers !== null && random() < stragglers.share;
    return isLate ? slowest + stragglers.extraMs : slowest;
  };
}

// A tenth of a second's worth may come at once: less would throttle a load that is below capacity on average.
const BURST_SECONDS = 0.1;

/**
 * Tells how many of so many keys may be read now: a bucket that fills at `capacity` keys a second.
 * @param now milliseconds of a clock that never goes back
 */
export function createCapacity(capacity: number | null, now: () => number): (keys: number) => number {
  if (capacity === null) return (keys) => keys;
  const most = Math.max(1, capacity * BURST_SECONDS);
  let left = most;
  let filledAt = now();
  return (keys) => {
    const at = now();
    left = Math.min(most, left + ((at - filledAt) / 1000) * capacity);
    filledAt = at;
    const allowed = Math.min(keys, Math.floor(left));
    left -= allowed;
    return allowed;
  };
}
