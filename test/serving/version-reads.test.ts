import { describe, expect, it, onTestFinished } from 'vitest';
import { ConnectionLostError, StoreError, StoreThrottledError } from '../../src/domain/errors.ts';
import { createBudget } from '../../src/resilience/budget.ts';
import { createConcurrencyLimit } from '../../src/resilience/concurrency-limit.ts';
import { observeAll } from '../../src/serving/observer.ts';
import { VersionReads, type Finding, type Keep } from '../../src/serving/version-reads.ts';
import type { PredictionReader, UserRead } from '../../src/store/prediction-reader.ts';

type Read = (userIds: readonly string[], call: number) => Promise<Partial<Record<string, UserRead>>>;

const findAll: Read = async () => ({});
const FOUND: UserRead = { kind: 'found', items: '[]' };
const THROTTLED: UserRead = { kind: 'throttled' };
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Options {
  /** What each read of the table gives, `found` for the users that it does not name. */
  readonly read?: Read;
  readonly budget?: number;
  readonly inFlight?: number;
  readonly maxTogether?: number;
  readonly timeoutMs?: number;
  readonly requestDeadlineMs?: number;
}

/** Reads of a version whose table a test plays. */
function openReads(options: Options = {}) {
  const { read = findAll, budget = 100, inFlight = 10 } = options;
  const asked: (readonly string[])[] = [];
  const seen = { hedged: [] as string[], denied: [] as string[], retried: 0, breaker: [] as string[] };
  const reader: Pick<PredictionReader, 'read'> = {
    read(_table, userIds, signal) {
      asked.push(userIds);
      const left = new Promise<never>((_, reject) =>
        signal.addEventListener('abort', () => reject(new StoreError('left'))),
      );
      const work = read(userIds, asked.length - 1).then(
        (given) => new Map(userIds.map((userId) => [userId, given[userId] ?? FOUND])),
      );
      return Promise.race([work, left]);
    },
  };
  const reads = new VersionReads({
    placement: 'home',
    table: 't',
    reader: reader as PredictionReader,
    limit: createConcurrencyLimit(inFlight),
    maxTogether: options.maxTogether ?? 100,
    budget: createBudget({ share: 0, most: budget, first: budget }),
    timeoutMs: options.timeoutMs ?? 400,
    requestDeadlineMs: options.requestDeadlineMs ?? 800,
    observer: observeAll({
      hedged: (_, outcome) => seen.hedged.push(outcome),
      budgetDenied: (_, what) => seen.denied.push(what),
      retried: (_, users) => (seen.retried += users),
      breakerChanged: (_, state) => seen.breaker.push(state),
    }),
  });
  onTestFinished(() => reads.close());
  const keep = (_: string, items: string | undefined): Finding =>
    items === undefined ? { kind: 'unknown' } : { kind: 'failed', reason: 'store-error' };
  const findOne = (userId: string, keepIt: Keep, isOneOfMany: boolean) =>
    new Promise<Finding>((resolve) => reads.find(userId, keepIt, resolve, isOneOfMany));
  /** Whether each user was found, or why not. */
  const find = async (...userIds: readonly string[]) => {
    const outcome = async (userId: string) => {
      let isKept = false;
      const finding = await findOne(
        userId,
        (id, items) => {
          isKept = true;
          return keep(id, items);
        },
        userIds.length > 1,
      );
      if (isKept) return finding.kind === 'unknown' ? 'unknown' : 'found';
      return finding.kind === 'failed' ? finding.reason : finding.kind;
    };
    return Promise.all(userIds.map(outcome));
  };
  return { reads, asked, seen, find };
}

describe('reads of a version', () => {
  it('ask for a user once, however many wait for it, and again when it is needed again', async () => {
    const { reads, asked, find } = openReads();
    const kept: string[] = [];
    const keep = (userId: string): Finding => {
      kept.push(userId);
      return { kind: 'unknown' };
    };
    const found = await Promise.all(
      [1, 2, 3].map(() => new Promise<Finding>((resolve) => reads.find('anna', keep, resolve))),
    );
    expect(found).toEqual([{ kind: 'unknown' }, { kind: 'unknown' }, { kind: 'unknown' }]);
    expect(kept).toEqual(['anna']);
    expect(asked).toEqual([['anna']]);
    await find('anna');
    expect(asked).toHaveLength(2);
  });

  it('gather many of one turn into one read each of a hundred', async () => {
    const { asked, find } = openReads();
    const userIds = Array.from({ length: 130 }, (_, index) => `u${index}`);
    expect(new Set(await find(...userIds))).toEqual(new Set(['found']));
    expect(asked.map(({ length }) => length)).toEqual([100, 30]);
  });

  it('take no more users together than they may', async () => {
    const { asked, find } = openReads({ maxTogether: 1 });
    await find('a', 'b', 'c');
    expect(asked).toEqual([['a'], ['b'], ['c']]);
  });

  it('fail one batch and not its neighbour', async () => {
    const read: Read = async ([first]) => {
      if (first === 'u0') throw new StoreThrottledError('slow down');
      return {};
    };
    const { find } = openReads({ read });
    const found = await find(...Array.from({ length: 130 }, (_, index) => `u${index}`));
    expect(found.slice(0, 100).every((each) => each === 'store-throttled')).toBe(true);
    expect(found.slice(100).every((each) => each === 'found')).toBe(true);
  });

  it('ask once more for what the store left unread, and give the others their answer at once', async () => {
    const read: Read = async (_, call) => (call === 0 ? { b: THROTTLED } : {});
    const { asked, seen, find } = openReads({ read });
    const order: string[] = [];
    const each = ['a', 'b', 'c'].map((userId) => find(userId, 'x').then(() => order.push(userId)));
    await Promise.all(each);
    expect(order.at(-1)).toBe('b');
    expect(asked).toEqual([['a', 'x', 'b', 'c'], ['b']]);
    expect(seen.retried).toBe(1);
  });

  it('ask once more only once, and only inside the budget', async () => {
    const read: Read = async () => ({ b: THROTTLED });
    const rich = openReads({ read });
    expect(await rich.find('a', 'b')).toEqual(['found', 'store-throttled']);
    expect(rich.asked).toEqual([['a', 'b'], ['b']]);
    const poor = openReads({ read, budget: 0 });
    expect(await poor.find('a', 'b')).toEqual(['found', 'store-throttled']);
    expect(poor.asked).toHaveLength(1);
    expect(poor.seen.denied).toEqual(['retry']);
  });

  it('ask at once again where a connection was dead, inside the budget', async () => {
    const read: Read = async (_, call) => {
      if (call === 0) throw new ConnectionLostError('gone');
      return {};
    };
    const rich = openReads({ read });
    expect(await rich.find('a')).toEqual(['found']);
    expect(rich.asked).toEqual([['a'], ['a']]);
    expect(await openReads({ read, budget: 0 }).find('a')).toEqual(['store-error']);
  });

  it('give a user up at the deadline, and make no read that would come too late', async () => {
    const read: Read = () => new Promise(() => undefined);
    const { asked, find } = openReads({
      read,
      inFlight: 1,
      timeoutMs: 100,
      requestDeadlineMs: 130,
      budget: 0,
    });
    const started = performance.now();
    const first = find('a');
    await wait(0);
    const second = find('b');
    await wait(30);
    const third = find('c');
    expect(await first).toEqual(['store-error']);
    expect(await second).toEqual(['overloaded']);
    expect(await third).toEqual(['store-error']);
    expect(performance.now() - started).toBeLessThan(400);
    expect(asked).toEqual([['a'], ['c']]);
  });

  it('answer those who wait also when the version is live no more', async () => {
    const { reads, find } = openReads();
    const late = find('a');
    reads.close();
    expect(await late).toEqual(['found']);
  });
});

describe('a hedge', () => {
  /** A table whose first read hangs. */
  const slowFirst: Read = (_, call) => (call === 0 ? wait(300).then(() => ({})) : Promise.resolve({}));

  it('answers in place of a slow read, with all of its users', async () => {
    const { asked, seen, find } = openReads({ read: slowFirst, timeoutMs: 100 });
    expect(await find('a', 'b')).toEqual(['found', 'found']);
    expect(asked).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(seen.hedged).toEqual(['won']);
  });

  it('is counted in users against the budget', async () => {
    const { asked, seen, find } = openReads({ read: slowFirst, timeoutMs: 100, budget: 1 });
    expect(await find('a', 'b')).toEqual(['store-error', 'store-error']);
    expect(asked).toHaveLength(1);
    expect(seen).toMatchObject({ hedged: [], denied: ['hedge'] });
  });

  it('is not made where there is no place for it', async () => {
    const { asked, find } = openReads({ read: slowFirst, timeoutMs: 100, inFlight: 1 });
    await find('a');
    expect(asked).toHaveLength(1);
  });

  it('is not made while the store throttles', async () => {
    const read: Read = async (_, call) => {
      if (call === 0) throw new StoreThrottledError('slow down');
      await wait(300);
      return {};
    };
    const { asked, find } = openReads({ read, timeoutMs: 100 });
    await find('a');
    await find('b');
    expect(asked).toEqual([['a'], ['b']]);
  });

  it('is not made while the breaker is not closed', async () => {
    const read: Read = async (_, call) => {
      if (call < 25) throw new StoreError('down');
      await wait(300);
      return {};
    };
    const { asked, seen, find } = openReads({ read, timeoutMs: 100 });
    for (let index = 0; index < 20; index += 1) await find(`u${index}`);
    expect(seen.breaker).toEqual(['open']);
    await expect.poll(() => seen.breaker.at(-1), { timeout: 3000 }).toBe('half-open');
    const before = asked.length;
    await find('probe');
    expect(asked.length - before).toBe(1);
    expect(seen.hedged).toEqual([]);
  });
});
