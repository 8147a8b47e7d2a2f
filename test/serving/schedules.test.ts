import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StoreError, UnreachableError } from '../../src/domain/errors.ts';
import { encodePointer } from '../../src/pointer/codec.ts';
import type { PointerSource } from '../../src/pointer/pointer-source.ts';
import type { PredictionReader } from '../../src/store/prediction-reader.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { observeAll } from '../../src/serving/observer.ts';
import { createServing } from '../../src/serving/serving.ts';
import { recordFigure } from '../support/figures.ts';
import { createMemorySavedPointers, answerOf, told, wishOf, type Told } from '../support/serving.ts';
import { list, pointerTo, sealedTable, storeVersion, type VersionContent } from '../support/versions.ts';

/** As a rule as many as take seconds; `TOPSHELF_TEST_SCHEDULES=100000` for the whole proof. */
const SCHEDULES = Number(process.env.TOPSHELF_TEST_SCHEDULES ?? 10_000);
const TITLE = 'no answer mixes versions, and no server goes back in epochs';
const VERSIONS = [1, 2, 3, 4];
const USERS = ['u0', 'u1', 'u2'];

/** Every product tells which version, and whose prediction, it comes from. */
function contentOf(number: number): VersionContent {
  const of = (whose: string) => list(...[1, 2, 3, 4, 5, 6].map((place) => `v${number}-${whose}-${place}`));
  return {
    number,
    users: Object.fromEntries(USERS.map((userId) => [userId, of(userId)])),
    popular: of('popular'),
  };
}

const contents = new Map(VERSIONS.map((number) => [sealedTable(contentOf(number)).seal.version, number]));

type Action =
  | { readonly kind: 'activate'; readonly version: number; readonly blocked: readonly string[] }
  | { readonly kind: 'poll' }
  | { readonly kind: 'ask'; readonly userId: string }
  | { readonly kind: 'ask-many' }
  | { readonly kind: 'age' };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('activate' as const),
      version: fc.constantFrom(...VERSIONS),
      blocked: fc.subarray(['v1-u0-1', 'v2-popular-2', 'v3-u1-3']),
    }),
  },
  { weight: 4, arbitrary: fc.constant<Action>({ kind: 'poll' }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('ask' as const), userId: fc.constantFrom(...USERS, 'nobody') }),
  },
  { weight: 2, arbitrary: fc.constant<Action>({ kind: 'ask-many' }) },
  { weight: 1, arbitrary: fc.constant<Action>({ kind: 'age' }) },
);

/** What each reading of pointer or table does, in the order they are made. */
const fate = fc.constantFrom('answers', 'answers', 'answers', 'stale', 'older', 'fails');
const WRITES_BEHIND = { answers: 0, fails: 0, stale: 1, older: 3 } as const;

interface Scenario {
  readonly actions: readonly Action[];
  readonly fates: readonly (keyof typeof WRITES_BEHIND)[];
}

/** Fails unless everything in the answer comes from the version that it names, and for this user. */
function expectOneVersion(answer: Told): void {
  const whose = answer.source === 'popular' ? 'popular' : answer.userId;
  const prefix = `v${contents.get(answer.version)}-${whose}-`;
  expect(answer.recommendations.filter(({ productId }) => !productId.startsWith(prefix))).toEqual([]);
}

const sealedStore = createMemoryStore();
for (const number of VERSIONS) await storeVersion(sealedStore, contentOf(number));

async function runSchedule(scheduler: fc.Scheduler, { actions, fates }: Scenario): Promise<number> {
  const history = [encodePointer(pointerTo(sealedTable(contentOf(1)), 1))];
  let readings = 0;
  const nextFate = () => fates[readings++ % fates.length] ?? 'answers';
  let now = 0;

  const source: PointerSource = {
    async read(_placement, _signal, unlessToken) {
      const which = nextFate();
      await scheduler.schedule(Promise.resolve(), 'pointer');
      const index = Math.max(0, history.length - 1 - WRITES_BEHIND[which]);
      // The answer may be late, and older than what others have read meanwhile.
      await scheduler.schedule(Promise.resolve(), 'pointer arrives');
      if (which === 'fails') throw new UnreachableError('away');
      const token = `token-${index}`;
      if (token === unlessToken) return { kind: 'unchanged' };
      return { kind: 'found', content: Buffer.from(history[index] ?? ''), token };
    },
    listPlacements: () => Promise.resolve(['home']),
    watch: () => () => undefined,
    close: () => Promise.resolve(),
  };
  const reader: PredictionReader = {
    async read(table, userIds, signal) {
      const which = nextFate();
      await scheduler.schedule(Promise.resolve(), 'table');
      if (which === 'fails') throw new StoreError('away');
      return sealedStore.read(table, userIds, signal);
    },
    async readSeal(table, signal) {
      const which = nextFate();
      await scheduler.schedule(Promise.resolve(), 'seal');
      if (which === 'fails') throw new StoreError('away');
      return sealedStore.readSeal(table, signal);
    },
    close: () => undefined,
  };

  const epochs: number[] = [];
  const serving = createServing({
    config: {
      placements: ['home'],
      pointerPollMs: 60_000,
      allowUnsealed: false,
      requestDeadlineMs: 60_000,
      readTimeoutMs: 60_000,
      maxReadsInFlight: 2,
      maxUsersPerRead: 100,
      extraReadsShare: 0.1,
      cacheBytes: 1024 * 1024,
      cacheMaxAgeMs: 1000,
      unknownMaxAgeMs: 1000,
      warmUpUsers: 10_000,
      warmUpMs: 2000,
    },
    source,
    reader,
    saved: createMemorySavedPointers(),
    bootstrap: new Map(),
    observer: observeAll({ adopted: ({ epoch }) => epochs.push(epoch) }),
    shedder: { admit: () => true, shedShare: () => 0, close: () => undefined },
    now: () => now,
    atTurnEnd: (work) => void scheduler.schedule(Promise.resolve(), 'turn').then(work),
  });

  let answered = 0;
  const check = (answer: Told) => {
    expectOneVersion(answer);
    answered += 1;
  };
  const asked: Promise<unknown>[] = [];
  const perform = (each: Action) => {
    const found = serving.placements.lookUp('home');
    const [placement] = serving.placements.all();
    if (each.kind === 'activate') {
      const target = sealedTable(contentOf(each.version));
      history.push(encodePointer(pointerTo(target, history.length + 1, { blocked: each.blocked })));
    } else if (each.kind === 'poll' && placement !== undefined) asked.push(placement.watcher.poll());
    else if (each.kind === 'age') now += 1000;
    if (found.kind !== 'live') return;
    const { live } = found;
    if (each.kind === 'ask') {
      const answer = answerOf(serving.service, live, each.userId, wishOf({}));
      asked.push(answer.then((ready) => check(told(ready))));
    } else if (each.kind === 'ask-many') {
      const many = serving.service.answerMany(live, [...USERS, 'nobody'], wishOf({}));
      asked.push(
        many.then((answers) => {
          const versions = new Set(answers.map((answer) => told(answer).version));
          expect([...versions]).toEqual([live.pointer.version]);
          answers.forEach((answer) => check(told(answer)));
        }),
      );
    }
  };

  try {
    const started = serving.placements.start();
    await scheduler.waitFor(started);
    for (const each of actions) {
      const step = scheduler.schedule(Promise.resolve(each), each.kind).then(perform);
      asked.push(step);
    }
    await scheduler.waitIdle();
    await Promise.all(asked);
    expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
    expect(new Set(epochs).size).toBe(epochs.length);
    return answered;
  } finally {
    await serving.close();
  }
}

describe('over schedules of swaps, rollbacks, stale, late and failing readings and requests', () => {
  it(TITLE, { timeout: 3_600_000 }, async () => {
    let answers = 0;
    const scenario = fc.record({
      actions: fc.array(action, { minLength: 5, maxLength: 25 }),
      fates: fc.array(fate, { minLength: 1, maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), scenario, async (scheduler, each) => {
        answers += await runSchedule(scheduler, each);
      }),
      { numRuns: SCHEDULES },
    );
    expect(answers).toBeGreaterThan(SCHEDULES);
    recordFigure(2, { test: TITLE, tried: SCHEDULES, result: `0 epoch regressions, ${answers} answers` });
  });
});
