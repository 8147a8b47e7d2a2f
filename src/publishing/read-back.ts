import { StoreError } from '../domain/errors.ts';
import { shown } from '../domain/ids.ts';
import type { StoredPrediction } from '../domain/prediction.ts';
import type { PredictionTables } from '../store/prediction-tables.ts';
import { retried } from './retry.ts';

/** Up to this many users are all read back. */
const READ_BACK_ALL = 10_000;
/** Of more, this many, spread evenly. */
const READ_BACK_SAMPLE = 1_000;
const USERS_PER_READ = 100;

/** Picks the predictions to read back while all of them pass by. */
export function createSample(users: number) {
  const size = users <= READ_BACK_ALL ? users : READ_BACK_SAMPLE;
  const picked: StoredPrediction[] = [];
  let seen = 0;
  return {
    picked,
    look(prediction: StoredPrediction): void {
      // The seen-th of `users` is picked where the even spread reaches its next whole number.
      const before = Math.floor((seen * size) / users);
      seen += 1;
      if (Math.floor((seen * size) / users) > before) picked.push(copied(prediction));
    },
  };
}

/** With texts of its own: those that were read are parts of a block of the file, all of which they would keep. */
function copied({ userId, items }: StoredPrediction): StoredPrediction {
  return { userId: Buffer.from(userId).toString(), items: Buffer.from(items).toString() };
}

/** Reads the sample from the table; throws StoreError, naming the first user, where it holds anything else. */
export async function readBack(
  tables: Pick<PredictionTables, 'readBack'>,
  table: string,
  sample: readonly StoredPrediction[],
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; at < sample.length; at += USERS_PER_READ) {
    const part = sample.slice(at, at + USERS_PER_READ);
    const userIds = part.map(({ userId }) => userId);
    const stored = await retried(() => tables.readBack(table, userIds, signal), signal);
    for (const { userId, items } of part) {
      const found = stored.get(userId);
      if (found === items) continue;
      throw new StoreError(
        `table ${table} does not hold what was written: user ${shown(userId)} ` +
          (found === undefined ? 'is missing' : `has ${shown(found)} instead of ${shown(items)}`),
      );
    }
  }
}
