/** A source of numbers from 0 to below 1. */
export type Random = () => number;

/** The same seed gives the same numbers (mulberry32: small, fast, and even enough for load). */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The 99th percentile of the standard normal distribution. */
const NORMAL_P99 = 2.3263478740408408;

/** Draws from the lognormal distribution that has these percentiles, in their unit. */
export function createLognormal(p50: number, p99: number, random: Random): () => number {
  const median = Math.log(p50);
  const sigma = (Math.log(p99) - median) / NORMAL_P99;
  return () => Math.exp(median + sigma * drawNormal(random));
}

/** Box and Muller. 1 − random, because the logarithm of 0 is not a number to draw. */
function drawNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Draws users from 0 to `users` − 1, each as often as any other. */
export function createUniform(users: number, random: Random): () => number {
  return () => Math.floor(random() * users);
}

/** Users one after the other from `first` on, beginning again after `users`: no cache smaller than that ever helps. */
export function createSequence(users: number, first = 0): () => number {
  let next = first;
  return () => next++ % users;
}

/** Draws users from 0 to `users` − 1 with weight 1/(rank + 1), as visits to a shop are spread. */
export function createZipf(users: number, random: Random): () => number {
  const sums = new Float64Array(users);
  let sum = 0;
  for (let rank = 0; rank < users; rank++) sums[rank] = sum += 1 / (rank + 1);
  return () => {
    const wanted = random() * sum;
    let [low, high] = [0, users - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** The id of a numbered user, as the stub DynamoDB knows it. */
export function userIdOf(user: number): string {
  return `u${user}`;
}

/** The number in a user's id; NaN where it is none of these ids. */
export function userOf(userId: string): number {
  return userId.startsWith('u') ? Number(userId.slice(1)) : NaN;
}
