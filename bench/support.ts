import { encodeItems, type RankedPair } from '../src/domain/prediction.ts';

/** Twenty recommendations as long as those of a real shop, as they are stored; no two users' are the same text. */
export function storedItems(user: number): string {
  return encodeItems(
    Array.from({ length: 20 }, (_, rank): RankedPair => [
      String(20_000 + ((user * 7919 + rank * 131) % 50_000)),
      Math.round(1e6 / (rank + 2 + (user % 10))) / 1e6,
    ]),
  );
}

/** The given values one after the other, again and again: what is always the same, the engine computes but once. */
export function cycle<T>(values: readonly T[]): () => T {
  let at = 0;
  return () => values[at++ % values.length]!;
}
