import { describe, expect, it } from 'vitest';
import { createRandom, createSequence, createZipf, userIdOf } from '../../load-tests/draw.ts';
import { recordFigure } from '../support/figures.ts';
import { ask, type Told } from '../support/serving.ts';
import type { StubFault, StubRequest } from '../support/stub-dynamodb.ts';
import { throttled } from '../support/stub-dynamodb.ts';
import { askAtRate, atMost, openStubServing } from '../support/stub-serving.ts';

/** For the record, tests run so much longer than among all others. */
const SCALE = Number(process.env.TOPSHELF_OVERLOAD_SCALE ?? 1);
// Long enough that a machine that is busy with other tests does not make reads slow by itself.
const PATIENT = { readTimeoutMs: 1000, requestDeadlineMs: 2000 };

type Fault = (request: StubRequest, index: number) => StubFault | undefined;

const RESET: StubFault = { kind: 'reset' };
const ERROR: StubFault = { kind: 'exception', name: 'InternalServerError', status: 500 };
const random = createRandom(1);

describe('what hedges and retries add to what the table is asked', () => {
  interface Case {
    readonly fault: Fault;
    /** Default 1,000. */
    readonly timeoutMs?: number;
    /** Users who are asked for at a time: 4 leave alone, more as batches. Default 50. */
    readonly together?: number;
  }

  const FAULTS: Record<string, Case> = {
    'fails all': { fault: () => ERROR },
    'throttles all': { fault: () => throttled() },
    'leaves all unprocessed': { fault: () => ({ kind: 'unprocessed' }) },
    'ends every connection': { fault: () => RESET },
    // Few enough that the breaker stays closed, so that every one of them is a reason to ask again.
    'ends four connections of ten': { fault: () => (random() < 0.4 ? RESET : undefined) },
    'leaves four users of ten unprocessed': {
      fault: () => ({ kind: 'unprocessed', only: () => random() < 0.4 }),
    },
    'takes longer than a read may': { timeoutMs: 20, fault: () => ({ kind: 'slow-headers', ms: 200 }) },
    // What is slow for its kind is hedged: a latency that goes up and down makes most reads slow for their kind.
    'is slow by turns': {
      together: 4,
      fault: (_, index) => (index % 200 < 170 ? undefined : { kind: 'slow-headers', ms: 30 }),
    },
  };

  it.each(Object.entries(FAULTS))(
    'is at most a tenth where it %s',
    async (what, { fault, timeoutMs = 1000, together = 50 }) => {
      const wanted = 2000 * SCALE;
      const config = { readTimeoutMs: timeoutMs, requestDeadlineMs: 2 * timeoutMs };
      const shop = await openStubServing(wanted, { config });
      let requests = 0;
      shop.stub.fault = (request) => fault(request, requests++);
      const nextUser = createSequence(wanted);
      const askAll = async () => {
        for (let asked = 0; asked < wanted / together; asked += 1) await ask(shop, userIdOf(nextUser()));
      };
      await Promise.all(Array.from({ length: together }, askAll));

      const asked = shop.keysAsked();
      const first = new Set(shop.stub.requests.flatMap(({ userIds }) => userIds)).size - 1; // without the seal
      expect(first).toBeGreaterThan(0);
      // Of the users who were wanted, and even of those who were asked for at all while the breaker let them.
      expect(asked / wanted).toBeLessThanOrEqual(1.1);
      expect(asked / first).toBeLessThanOrEqual(1.1);
      recordFigure(22, {
        test: `where it ${what}`,
        tried: wanted,
        result: `${(asked / wanted).toFixed(3)} × of those wanted, ${(asked / first).toFixed(3)} × of those sent`,
      });
    },
    120_000,
  );
});

describe('more load than the table can give', () => {
  it(
    'takes nothing from what it does give: three times as much gets as many personalized answers',
    { timeout: 120_000 },
    async () => {
      const capacity = 300;
      const seconds = 3 * SCALE;
      const served: number[] = [];
      for (const times of [1, 3]) {
        const shop = await openStubServing(capacity * times * seconds, { config: PATIENT });
        shop.stub.fault = atMost(capacity);
        const nextUser = createSequence(Infinity);
        let personalized = 0;
        await askAtRate(
          shop,
          { perSecond: capacity * times, seconds, nextUser: () => userIdOf(nextUser()) },
          ({ source }) => (personalized += source === 'personalized' ? 1 : 0),
        );
        served.push(personalized);
      }
      const [once = 0, thrice = 0] = served;
      expect(once).toBeGreaterThan(0);
      expect(thrice / once).toBeGreaterThanOrEqual(0.9);
      recordFigure(26, {
        test: 'takes nothing from what it does give: three times as much gets as many personalized answers',
        tried: 4 * capacity * seconds,
        result: `personalized answers at 3 × capacity ÷ at capacity: ${(thrice / once).toFixed(2)}`,
      });
    },
  );
});

describe('after a cold cache and a slow table at once, at 80 % load', () => {
  it(
    'answers are personalized again by themselves within 30 s of the trigger’s end',
    { timeout: 120_000 },
    async () => {
      const perSecond = 400;
      const triggerSeconds = 3 * SCALE;
      const limitSeconds = 30;
      const config = { readTimeoutMs: 150, requestDeadlineMs: 400, cacheMaxAgeMs: 2000 };
      const shop = await openStubServing(2000, { config });
      const drawUser = createZipf(2000, createRandom(2));
      const load = { perSecond, nextUser: () => userIdOf(drawUser()) };
      await askAtRate(shop, { ...load, seconds: 3 });
      const before = shop.keysAsked();
      await askAtRate(shop, { ...load, seconds: 3 });
      const steady = (shop.keysAsked() - before) / 3;
      const capped = atMost(steady / 0.8);

      await shop.flush();
      shop.stub.fault = () => ({ kind: 'slow-headers', ms: 200 });
      const during: Told[] = [];
      await askAtRate(shop, { ...load, seconds: triggerSeconds }, (told) => during.push(told));
      expect(during.filter(({ source }) => source !== 'personalized').length).toBeGreaterThan(
        during.length * 0.9,
      );
      expect(shop.seen.breaker).toContain('open');

      shop.stub.fault = capped;
      const seconds = Array.from({ length: limitSeconds }, () => ({ answers: 0, personalized: 0 }));
      const share = (second: { answers: number; personalized: number } | undefined) =>
        second === undefined ? 0 : second.personalized / Math.max(1, second.answers);
      let recoveredAfter: number | undefined;
      for (let second = 0; second < limitSeconds && recoveredAfter === undefined; second += 1) {
        const tally = seconds[second] ?? { answers: 0, personalized: 0 };
        await askAtRate(shop, { ...load, seconds: 1 }, ({ source }) => {
          tally.answers += 1;
          if (source === 'personalized') tally.personalized += 1;
        });
        // For three seconds in a row, so that a lucky one does not count.
        const last = seconds.slice(Math.max(0, second - 2), second + 1);
        if (last.length === 3 && last.every((each) => share(each) >= 0.99)) recoveredAfter = second - 2;
      }
      expect(recoveredAfter).toBeDefined();
      recordFigure(25, {
        test: 'answers are personalized again by themselves within 30 s of the trigger’s end',
        tried: perSecond * (6 + triggerSeconds + limitSeconds),
        result: `99 % personalized ${recoveredAfter} s after the trigger’s end`,
      });
    },
  );
});
