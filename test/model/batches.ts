import { hash } from 'node:crypto';
import { encodeItems, type RankedPair, type StoredPrediction } from '../../src/domain/prediction.ts';
import { createContentHash } from '../../src/publishing/content-hash.ts';
import type { Input } from '../../src/publishing/input/read-input.ts';
import { list } from '../support/versions.ts';

/** More users than one write takes, so that a table can be left half full. */
const USER_COUNT = 26;
const USERS = Array.from({ length: USER_COUNT }, (_, at) => `u${String(at).padStart(2, '0')}`);
const PLACES = [1, 2, 3, 4, 5, 6];

/** Users whom the model asks for; the last one is in no version. */
export const ASKED_USERS = ['u00', 'u13', 'u25', 'nobody'];

/** Products that the model blocks, of every content's users and popular lists. */
export const BLOCKABLE = [0, 1, 2, 3].flatMap((content) => [
  `c${content}-u00-1`,
  `c${content}-u25-3`,
  `c${content}-popular-2`,
]);

/** A batch whose every product tells which content, and whose prediction, it comes from. */
export interface Batch {
  readonly content: number;
  readonly contentHash: string;
  readonly predictions: readonly StoredPrediction[];
  /** What it holds for a user, best first; undefined for one who is not in it. */
  readonly of: (userId: string) => readonly RankedPair[] | undefined;
  readonly popular: readonly RankedPair[];
}

const batches = new Map<number, Batch>();

export function batchOf(content: number): Batch {
  const known = batches.get(content);
  if (known !== undefined) return known;
  const pairs = (whose: string) => list(...PLACES.map((place) => `c${content}-${whose}-${place}`));
  const ranked = new Map(USERS.map((userId) => [userId, pairs(userId)]));
  const predictions = [...ranked].map(([userId, each]) => ({ userId, items: encodeItems(each) }));
  const contentHash = createContentHash();
  for (const prediction of predictions) contentHash.add(prediction);
  const batch: Batch = {
    content,
    contentHash: contentHash.digest(),
    predictions,
    of: (userId) => ranked.get(userId),
    popular: pairs('popular'),
  };
  batches.set(content, batch);
  return batch;
}

/** The batch as a load gets it once its files have been read. */
export function inputOf({ content, contentHash, predictions, popular }: Batch): Input {
  const path = `content-${content}.csv`;
  const kept = predictions.length * PLACES.length;
  return {
    files: [{ path, bytes: kept, sha256: hash('sha256', path), compression: 'none' }],
    ...{ rows: kept, duplicates: 0, kept, users: predictions.length },
    ...{ rejected: 0, rejectedSamples: [], rejectsPath: null },
    contentHash,
    generatedAt: '2026-11-21T00:00:00.000Z',
    generatedAtFrom: 'rows',
    async *predictions() {
      yield* predictions;
    },
    toParquet: async () => ({ parquetPath: path, popular }),
    close: async () => undefined,
  };
}
