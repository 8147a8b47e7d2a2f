import type { Row } from './row.ts';

/** What operating it promises: ends, attacks, secrets, long runs, and the honesty of the figures. */
export const OPERATING_ROWS: readonly Row[] = [
  {
    number: 30,
    guarantee: 'A server that is told to end loses no request.',
    proofs: [
      {
        file: 'test/end-to-end/swaps-under-load.test.ts',
        title: 'swaps and a SIGTERM: every request is answered, none with 5xx, each from one version',
      },
    ],
    failsWhen: 'a server that drains goes on as if nothing was, and closes its connections under its callers',
    notProven: 'A rolling restart of several servers behind a load balancer that is late to notice.',
  },
  {
    number: 31,
    guarantee: 'A server that is killed loses the requests in flight at most.',
    notProven:
      'SIGKILL under load: the errors against the requests under way, and the time to the next answer.',
  },
  {
    number: 32,
    guarantee: 'Liveness never ends a server for what it depends on, or for load.',
    notProven: 'Ten minutes without the table under three times the load, with a liveness probe.',
  },
  {
    number: 33,
    guarantee: 'Slow clients cannot keep others out.',
    notProven: 'Thousands of connections that send or read a byte at a time, beside good callers.',
  },
  {
    number: 34,
    guarantee: 'Input past its limits gets its documented status, never 5xx.',
    notProven: 'Requests generated from the OpenAPI document, and the boundaries one by one.',
  },
  {
    number: 35,
    guarantee: 'Made-up user ids neither evict real users nor exceed the reads that are allowed.',
    notProven: 'A flood of random ids beside users who come back.',
  },
  {
    number: 36,
    guarantee: 'No user id is in a log, a metric or a status.',
    proofs: [
      {
        file: 'test/http/privacy.test.ts',
        title: 'a user id is in no log line, metric or status: found, unknown, refused, failing or lost',
      },
    ],
    failsWhen: 'Fastify logs requests as it does by default',
  },
  {
    number: 37,
    guarantee: 'Each role has the permissions that its calls need, and no others.',
    notProven: 'The policies against the calls that each role makes; AWS’s policy simulator for the rest.',
  },
  {
    number: 38,
    guarantee: 'The image is hardened and can be made again.',
    notProven:
      'A container engine: read-only root, no capabilities, not root; a scan; two builds that are equal.',
  },
  {
    number: 39,
    guarantee: 'Every alert is tested and has a runbook.',
    notProven: 'promtool’s tests of every alert, firing and not, and a check of the links.',
  },
  {
    number: 40,
    guarantee: 'Nothing grows over hours of swaps.',
    notProven: 'A soak of hours: heap, file descriptors, timers, sockets and p99 over time.',
  },
  {
    number: 41,
    guarantee: 'Metrics are cheap, and right.',
    load: ['cached'],
    notProven: 'The time of a scrape with every series there can be.',
  },
  {
    number: 42,
    guarantee: 'The load tests leave nothing out.',
    notProven:
      'A server that is stopped for half a second must show in p99.9, at the rate that was asked for.',
  },
];
