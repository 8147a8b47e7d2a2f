import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreThrottledError, TableMissingError } from '../../src/domain/errors.ts';
import type { StoredPrediction } from '../../src/domain/prediction.ts';
import { writePredictions } from '../../src/publishing/write-predictions.ts';
import { createDynamoDbTables } from '../../src/store/dynamodb-tables.ts';
import { startStubDynamoDb, throttled, type StubDynamoDb } from '../support/stub-dynamodb.ts';
import { never } from './fixtures.ts';

const idOf = (at: number) => `user-${String(at).padStart(6, '0')}`;

async function* predictions(users: number, onTaken = (_: number) => undefined as void) {
  for (let at = 0; at < users; at++) {
    onTaken(at);
    yield { userId: idOf(at), items: `[["p${at}",0.5]]` };
  }
}

const options = { concurrency: 16, stallMs: 20_000, onWritten: () => undefined, signal: never };

/** A store that takes `room` batches at once, each for a moment, and refuses the others. */
function createCrowdedStore(room: () => number, ms = 2) {
  const taken = new Map<string, number>();
  const levels: number[] = [];
  let inFlight = 0;
  let refused = 0;
  return {
    taken,
    levels,
    refused: () => refused,
    async write(_table: string, batch: readonly StoredPrediction[]): Promise<StoredPrediction[]> {
      inFlight += 1;
      levels.push(inFlight);
      const isRefused = inFlight > room();
      await delay(ms);
      inFlight -= 1;
      if (isRefused) {
        refused += 1;
        throw new StoreThrottledError('slow down');
      }
      for (const { userId } of batch) taken.set(userId, (taken.get(userId) ?? 0) + 1);
      return [];
    },
  };
}

describe('writing', () => {
  it('has more and more batches under way while the store takes them all', async () => {
    const store = createCrowdedStore(() => Infinity);
    await writePredictions(store, 't', predictions(25 * 400), options);
    expect(store.levels[0]).toBe(1);
    expect(Math.max(...store.levels.slice(0, 20))).toBeLessThan(10);
    expect(Math.max(...store.levels)).toBe(16);
    expect(store.taken.size).toBe(10_000);
  });

  it('stays near what the store takes, and every user is written once', async () => {
    const store = createCrowdedStore(() => 6);
    const users = 25 * 600;
    expect(await writePredictions(store, 't', predictions(users), options)).toBe(users);
    expect([...store.taken.values()].every((times) => times === 1)).toBe(true);
    expect(store.taken.size).toBe(users);
    // Without halving the limit would be at 16, and ten of sixteen batches would be refused.
    expect(store.refused() / store.levels.length).toBeLessThan(0.25);
    const late = store.levels.slice(-200);
    expect(late.reduce((sum, level) => sum + level, 0) / late.length).toBeLessThan(8);
  });

  it('says how far it is without a gap: never past a batch that is not taken', async () => {
    const refused = new Set([idOf(60), idOf(205)]);
    const taken = new Set<string>();
    const store = {
      async write(_: string, batch: readonly StoredPrediction[]) {
        await delay(Math.random() * 3);
        const left = batch.filter(({ userId }) => refused.delete(userId));
        for (const { userId } of batch) if (!left.some((one) => one.userId === userId)) taken.add(userId);
        return left;
      },
    };
    const seen: number[] = [];
    const onThrough = (users: number) => {
      seen.push(users);
      for (let at = 0; at < users; at++) expect(taken).toContain(idOf(at));
    };
    await writePredictions(store, 't', predictions(1_010), { ...options, onThrough });
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(1_010);
  });

  it('takes no more of the input than it can write: memory stays bounded', async () => {
    let read = 0;
    let taken = 0;
    let most = 0;
    const store = {
      async write(_: string, batch: readonly StoredPrediction[]) {
        await delay(1);
        most = Math.max(most, read - taken);
        taken += batch.length;
        return [];
      },
    };
    await writePredictions(
      store,
      't',
      predictions(25 * 300, (at) => void (read = at + 1)),
      options,
    );
    expect(most).toBeLessThanOrEqual(25 * (2 * 16 + 2));
  });

  it('ends at once, and leaves nothing under way, where the table is gone', async () => {
    let underWay = 0;
    const store = {
      async write(table: string): Promise<StoredPrediction[]> {
        underWay += 1;
        await delay(5);
        underWay -= 1;
        throw new TableMissingError(table);
      },
    };
    await expect(writePredictions(store, 't', predictions(1_000), options)).rejects.toThrow(
      TableMissingError,
    );
    expect(underWay).toBe(0);
  });

  it('passes on what the input fails with', async () => {
    const failing = async function* () {
      yield* predictions(40);
      throw new Error('the disk is gone');
    };
    const store = createCrowdedStore(() => Infinity);
    await expect(writePredictions(store, 't', failing(), options)).rejects.toThrow('the disk is gone');
  });
});

describe('writing into DynamoDB', () => {
  let stub: StubDynamoDb;
  beforeEach(async () => {
    stub = await startStubDynamoDb();
    stub.put('t');
  });
  afterEach(() => stub.close());

  it.each([24, 25, 26, 260])(
    'loses and doubles none of %i users, through throttling, unprocessed items, errors and resets',
    async (users) => {
      const tables = createDynamoDbTables(stub.connection);
      let asked = 0;
      stub.fault = () => {
        asked += 1;
        if (asked % 5 === 1) return throttled('TableWriteKeyRangeThroughputExceeded');
        if (asked % 5 === 2) return { kind: 'unprocessed', only: (userId) => /[13579]$/.test(userId) };
        if (asked % 5 === 3) return { kind: 'exception', name: 'InternalServerError', status: 500 };
        if (asked % 10 === 4) return { kind: 'reset' };
        return undefined;
      };
      const written = await writePredictions(tables, 't', predictions(users), options);
      expect(written).toBe(users);
      for (let at = 0; at < users; at++) {
        expect(stub.item('t', idOf(at))).toEqual({
          userId: { S: idOf(at) },
          items: { S: `[["p${at}",0.5]]` },
        });
      }
      expect(stub.item('t', idOf(users))).toBeUndefined();
      tables.close();
    },
  );
});
