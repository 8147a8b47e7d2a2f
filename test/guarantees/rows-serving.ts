import type { Row } from './row.ts';

const SERVICE = 'test/serving/prediction-service.test.ts';
const READER = 'test/store/dynamodb-faults.test.ts';
const BREAKER = 'test/resilience/breaker.test.ts';
const OVERLOAD = 'test/serving/overload.test.ts';
const STORE_FAULTS = 'test/services/faults-dynamodb.test.ts';

/** What reading the table promises, and what load does to it. */
export const SERVING_ROWS: readonly Row[] = [
  {
    number: 17,
    guarantee:
      'Where the live table is gone, callers get popular answers, and other placements notice nothing.',
    proofs: [
      {
        file: 'test/end-to-end/outages.test.ts',
        title: 'one placement’s deleted table leaves the others alone',
      },
      {
        file: STORE_FAULTS,
        title: 'goes on with popular products when its table is deleted, until another version is live',
      },
    ],
    failsWhen:
      'placements share a breaker (outages.test.ts), or a table that is missing is no failure to it (both)',
  },
  {
    number: 18,
    guarantee: 'Callers are answered inside the deadline, whatever the table does.',
    proofs: [
      { file: SERVICE, title: 'answers inside the deadline while the table hangs' },
      {
        file: 'test/end-to-end/store-faults.test.ts',
        title: '$name: answers are right, in time, counted as they are, and personalized again after it',
      },
      {
        file: 'test/end-to-end/store-trust.test.ts',
        title: '%s: is corrected with the first refusal, and no caller notices',
      },
      {
        file: STORE_FAULTS,
        title:
          'and $name: answers are right and in time, personalized after it, and no connection is left over',
      },
    ],
    failsWhen:
      'a caller is not freed when its signal aborts, or a refusal for our clock does not put it right (store-trust.test.ts)',
    notProven:
      'That it holds on a machine that others use: of seven runs of faults-dynamodb.test.ts the last four passed. In the ' +
      'first three one or two faults were at 121 to 370 ms, not the same ones twice, before waits of the server for a ' +
      'CPU were taken off.',
  },
  {
    number: 19,
    guarantee: 'A read that is given up leaves no socket behind.',
    proofs: [
      { file: READER, title: 'lets the request drain for a second, then ends its connection' },
      { file: READER, title: 'keeps at most 64 requests draining, however many callers leave at once' },
      { file: STORE_FAULTS, title: 'opens no more connections with every outage than the pool has' },
    ],
    failsWhen:
      'what drains is never cut off; faults-dynamodb.test.ts fails where the pool has no limit either: 396 connections, ' +
      'and 96 are the most',
  },
  {
    number: 20,
    guarantee: 'A user is read once, however many ask at the same time.',
    proofs: [{ file: SERVICE, title: 'reads a user once for a thousand callers at the same time' }],
    failsWhen: 'a caller does not join the read that is under way',
  },
  {
    number: 21,
    guarantee: 'A read that failed is not kept: the next caller asks again.',
    proofs: [{ file: SERVICE, title: 'does not keep a failure: the next caller asks the table again' }],
    failsWhen: 'a failed read stays where callers join it',
  },
  {
    number: 22,
    guarantee: 'Retries and hedges add a tenth to the reads at most.',
    proofs: [{ file: OVERLOAD, title: 'is at most a tenth where it %s' }],
    failsWhen: 'retries earn as much for further retries as first reads do, or the share is 0.3',
  },
  {
    number: 23,
    guarantee: 'Hedged reads pay.',
    proofs: [
      {
        file: 'test/serving/version-reads.test.ts',
        title: 'answers in place of a slow read, with all of its users',
      },
    ],
    load: ['stragglers'],
    failsWhen: 'no second read is made',
  },
  {
    number: 24,
    guarantee: 'The breaker opens for failures that are many, probes one at a time, and closes again.',
    proofs: [
      { file: BREAKER, title: 'stays closed after one failure, and after nineteen' },
      { file: BREAKER, title: 'opens when over half of at least twenty calls have failed' },
      { file: BREAKER, title: 'lets exactly one probe through, and refuses the others until it ends' },
      { file: BREAKER, title: 'opens again when the probe fails, and probes again a second later' },
    ],
    failsWhen: 'the breaker has the library’s own volume threshold',
  },
  {
    number: 25,
    guarantee: 'What a fault brought down comes back by itself once the fault is gone.',
    proofs: [
      {
        file: OVERLOAD,
        title: 'answers are personalized again by themselves within 30 s of the trigger’s end',
      },
    ],
    load: ['brownout'],
    failsWhen: 'the breaker probes once a minute',
  },
  {
    number: 26,
    guarantee: 'Overload takes nothing from what the table can give.',
    proofs: [
      {
        file: OVERLOAD,
        title: 'takes nothing from what it does give: three times as much gets as many personalized answers',
      },
    ],
    load: ['overload'],
    failsWhen: 'throttling opens the breaker while the table serves others',
  },
  {
    number: 27,
    guarantee: 'Load is shed after a day without any as it is after a second.',
    proofs: [
      { file: 'test/resilience/load-shedder.test.ts', title: 'sheds at once after a day without load' },
    ],
    failsWhen: 'what came before decides how fast more is shed',
  },
  {
    number: 28,
    guarantee: 'Cold caches, after a start or a swap, are survived.',
    proofs: [
      {
        file: 'test/serving/warm-up.test.ts',
        title: 'reads the users asked for last from the new version before it is served',
      },
    ],
    load: ['cold-start', 'swap-under-load'],
    failsWhen: 'what was warmed up is thrown away with the swap',
  },
  {
    number: 29,
    guarantee: 'A new table is warm enough before it is live.',
    notProven:
      'AWS: the warm throughput that was asked for, and reads at the rate of the night before right after a swap. ' +
      'That it is asked for is tested (test/services/moto-import-table.test.ts).',
  },
];
