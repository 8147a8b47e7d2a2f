import { describe, expect, it } from 'vitest';
import { createRandom } from '../../load-tests/draw.ts';
import { latencyOf, tallyOf, wrongAmong } from '../support/answer-statistics.ts';
import { recordFigure } from '../support/figures.ts';
import { startPacedLoad } from '../support/paced-load.ts';
import { untilPersonalized } from '../support/recovery.ts';
import { answersIn, scrapeOf, total } from '../support/scrape.ts';
import { createCaller } from '../support/send.ts';
import { startStallClock } from '../support/stall-clock.ts';
import { predictionItem, throttled, type StubFault, type StubRequest } from '../support/stub-dynamodb.ts';
import { DEADLINE_MS, GOLDEN, MAX_SOCKETS, startOnStub, USERS, VERSION } from '../support/stub-shop.ts';

/** How long each fault lasts: `TOPSHELF_TEST_FAULT_SECONDS=10` for the record. */
const FAULT_MS = Number(process.env.TOPSHELF_TEST_FAULT_SECONDS ?? 1.5) * 1000;
const MARGIN_MS = 20;

/** What the stub does under a fault, to the share of requests that it meets. */
type Fault = StubFault | ((request: StubRequest) => StubFault | undefined);

const body = (text: string): StubFault => ({ kind: 'body', text });
/** A 200 whose JSON has the place of the items filled by something else. */
const inPlaceOfItems =
  (one: unknown, many: unknown) =>
  ({ operation, table }: StubRequest): StubFault =>
    body(
      JSON.stringify(
        operation === 'GetItem' ? { Item: one } : { Responses: { [table]: many }, UnprocessedKeys: {} },
      ),
    );

// DynamoDB's CRC of a body (x-amz-crc32) is not looked at: TCP, TLS and JSON's own grammar guard it, and of the
// predictions the gate's content hash.
const FAULTS: Readonly<Record<string, Fault>> = {
  'throttling of a partition': throttled('TableReadKeyRangeThroughputExceeded'),
  'throttling of the account': throttled('TableReadAccountLimitExceeded'),
  'throttling of an on-demand table': throttled('TableReadMaxOnDemandThroughputExceeded'),
  'internal errors': { kind: 'exception', name: 'InternalServerError', status: 500 },
  'a table that is gone': { kind: 'exception', name: 'ResourceNotFoundException' },
  'permissions that are gone': { kind: 'exception', name: 'AccessDeniedException' },
  'a gateway’s error page': { kind: 'body', text: '<html>Bad gateway</html>', status: 502 },
  'a page of HTML with 200': body('<html>busy</html>'),
  'JSON of another kind': body('[]'),
  'a JSON number': body('5'),
  'JSON of an error with 200': body('{"message":"busy"}'),
  'JSON null': body('null'),
  'an empty body': body(''),
  'items that are text': inPlaceOfItems('anna', 'anna'),
  'items that are numbers': inPlaceOfItems(5, [1, 2]),
  'items of another user': inPlaceOfItems(predictionItem('user-x', '[["x",1]]'), [
    predictionItem('user-x', '[["x",1]]'),
  ]),
  'items without an attribute of the right type': ({ operation, table, userIds }) =>
    inPlaceOfItems(
      { userId: { S: userIds[0] }, items: { N: '5' } },
      userIds.map((userId) => ({ userId: { S: userId }, items: { N: '5' } })),
    )({ operation, table, userIds } as StubRequest),
  'predictions that are no lists of pairs': ({ operation, table, userIds }) =>
    inPlaceOfItems(
      predictionItem(userIds[0] ?? '', '[[1,"x"]]'),
      userIds.map((userId) => predictionItem(userId, '{"a":1}')),
    )({ operation, table, userIds } as StubRequest),
  'truncated answers': { kind: 'truncated' },
  'bodies that drip': { kind: 'drip', ms: 40 },
  'heads that come late': { kind: 'slow-headers', ms: 200 },
  'keys that stay unprocessed': ({ operation }) =>
    operation === 'BatchGetItem' ? { kind: 'unprocessed' } : throttled(),
  // The stub shares this thread: few of them are work enough.
  'bodies without end, now and then': ({ userIds: [userId = ''] }) =>
    userId.endsWith('7') ? { kind: 'huge', bytes: 64 * 1024 * 1024 } : throttled(),
  'connections that are reset': { kind: 'reset' },
  silence: { kind: 'hang' },
};

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('under load, while the store suffers from', () => {
  it.each(Object.keys(FAULTS).map((name, index) => ({ name, seed: index + 1 })))(
    '$name: answers are right, in time, counted as they are, and personalized again after it',
    { timeout: 60_000 + 4 * FAULT_MS },
    async ({ name, seed }) => {
      const { stub, server } = await startOnStub();
      const fault = FAULTS[name];
      const faultFor = (request: StubRequest) => (typeof fault === 'function' ? fault(request) : fault);
      const random = createRandom(seed);
      const clock = startStallClock('machine');
      const caller = createCaller(server.api);
      const load = startPacedLoad({
        send: caller.send,
        goldens: new Map([[VERSION, GOLDEN]]),
        users: USERS,
        perSecond: 300,
        manyPerSecond: 10,
        seed,
      });
      await pause(500);
      // Some requests alone first, so that the breaker stays closed and time runs out for real; then all of them.
      stub.fault = (request) => (random() < 0.4 ? faultFor(request) : undefined);
      await pause(FAULT_MS / 2);
      stub.fault = faultFor;
      await pause(FAULT_MS / 2);
      stub.fault = () => undefined;
      const endedAt = performance.now();
      const recoveredMs = await untilPersonalized(load, GOLDEN.users, endedAt);
      await load.stop();
      caller.close();
      clock.stop();

      expect(wrongAmong(load.answers)).toEqual([]);
      const samples = await scrapeOf(server);
      expect(answersIn(samples)).toEqual(tallyOf(load.answers));
      expect(total(samples, 'topshelf_http_requests_in_flight')).toBe(0);
      const { p999, longest, stalled } = latencyOf(load.answers, clock);
      const degraded = load.answers.filter(({ reason }) => reason !== '' && reason !== 'unknown-user').length;
      expect(degraded).toBeGreaterThan(0); // the fault was felt
      expect(p999).toBeLessThan(DEADLINE_MS + MARGIN_MS);
      // Those whose callers have left are cut off after a second.
      await expect.poll(() => total(samples, 'topshelf_store_reads_in_flight')).toBe(0);
      expect(stub.openSockets()).toBeLessThanOrEqual(MAX_SOCKETS);
      await server.close();
      await expect.poll(() => stub.openSockets(), { timeout: 5000 }).toBe(0);
      recordFigure(18, {
        test: name,
        tried: load.answers.length,
        result:
          `0 errors, ${degraded} degraded, p99.9 ${p999.toFixed(1)} ms, longest ${longest.toFixed(1)} ms, ` +
          `personalized after ${Math.round(recoveredMs)} ms; from ${stalled} a stall of the machine is taken off`,
      });
    },
  );
});
