import { encodeItems, type RankedPair } from '../../src/domain/prediction.ts';

const KINDS = 64;
const RANKS = 20;

/**
 * The stored lists, each as it stands in DynamoDB's JSON. Users share them: what a read costs depends on the length
 * of the text, not on its words, and so ten million users need no memory.
 */
const STORED = Array.from({ length: KINDS }, (_, kind) => {
  const pairs = Array.from({ length: RANKS }, (_, rank): RankedPair => [
    String(20_000 + ((kind * 7919 + rank * 131) % 50_000)),
    Math.round(1e6 / (rank + 2 + (kind % 10))) / 1e6,
  ]);
  return JSON.stringify({ S: encodeItems(pairs) });
});

/** A user's item in DynamoDB's JSON. */
export function itemOf(userId: string, user: number): string {
  return `{"userId":{"S":"${userId}"},"items":${STORED[user % KINDS]}}`;
}
