import { expect, onTestFinished } from 'vitest';
import { encodeItems } from '../../src/domain/prediction.ts';
import { MAX_USERS_PER_READ, type PredictionReader } from '../../src/store/prediction-reader.ts';
import { bundledRanking } from '../support/real-data.ts';
import type { PredictionStoreHarness } from './prediction-store.contract.ts';

const STRANGERS = ['0', 'nobody', 'ünknown "user"', '\\u0041', '客户', 'a b/c?d=e&f', '12347 '];
const BATCH = 25;

/** Writes a real day into a new table; two readers must then say the same of each user in it, and of strangers. */
export async function expectSameAnswers(
  name: string,
  { reader, tables }: PredictionStoreHarness,
  other: PredictionReader,
): Promise<void> {
  const { signal } = new AbortController();
  const table = `${name}-real-${process.pid}`;
  await tables.create(table, signal);
  onTestFinished(() => tables.delete(table, signal));
  const stored = [...bundledRanking('2011-12-07')].map(([userId, products]) => ({
    userId,
    items: encodeItems(products.map((productId, rank) => [productId, 1 / (rank + 3)])),
  }));
  for (let start = 0; start < stored.length; start += BATCH) {
    expect(await tables.write(table, stored.slice(start, start + BATCH), signal)).toEqual([]);
  }
  const userIds = [...stored.map(({ userId }) => userId), ...STRANGERS];
  let found = 0;
  for (let start = 0; start < userIds.length; start += MAX_USERS_PER_READ) {
    const some = userIds.slice(start, start + MAX_USERS_PER_READ);
    const expected = await reader.read(table, some, signal);
    expect(await other.read(table, some, signal)).toEqual(expected);
    found += [...expected.values()].filter(({ kind }) => kind === 'found').length;
  }
  expect(found).toBe(stored.length);
  for (const userId of [...userIds.slice(0, 200), ...STRANGERS]) {
    expect(await other.read(table, [userId], signal)).toEqual(await reader.read(table, [userId], signal));
  }
}
