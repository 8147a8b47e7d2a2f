import type { Row } from './row.ts';

const RESTARTS = 'test/end-to-end/restarts.test.ts';

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
      { file: RESTARTS, title: 'restarted one after the other: no request fails' },
    ],
    failsWhen:
      'a server that drains goes on as if nothing was, and closes its connections under its callers, or does not wait ' +
      'for a load balancer that is late to notice',
  },
  {
    number: 31,
    guarantee: 'A server that is killed loses the requests in flight at most.',
    proofs: [
      {
        file: RESTARTS,
        title:
          'killed again and again: only requests that were in flight are lost, and each server starts again',
      },
    ],
    failsWhen: 'a server says that it is ready before it has a version',
  },
  {
    number: 32,
    guarantee: 'Liveness never ends a server for what it depends on, or for load.',
    proofs: [
      {
        file: 'test/end-to-end/liveness.test.ts',
        title: 'is alive all the time, and refuses only what is past its limit',
      },
    ],
    failsWhen: '/livez looks at the breakers',
  },
  {
    number: 33,
    guarantee: 'Slow clients cannot keep others out.',
    proofs: [
      {
        file: 'test/http/slow-clients.test.ts',
        title:
          'slow clients of every kind at once are cut off by the API, and callers get their answers meanwhile',
      },
      {
        file: 'test/http/slow-clients.test.ts',
        title:
          'a connection that sends request after request and reads no answer keeps sixteen places at most',
      },
    ],
    failsWhen:
      'Node keeps its own 60 s for headers, a listener has no time limit for requests, or a connection may have any number under way',
  },
  {
    number: 34,
    guarantee: 'Input past its limits gets its documented status, never 5xx.',
    proofs: [
      {
        file: 'test/http/fuzz.test.ts',
        title:
          'requests made from the OpenAPI document get a documented status, errors a problem document, and no user id is logged',
      },
      {
        file: 'test/services/schemathesis.test.ts',
        title: 'schemathesis finds nothing in the API that is not as the OpenAPI document says',
      },
    ],
    failsWhen:
      'requests are logged with their URL (fuzz.test.ts), or are refused with a 422 that is not documented (both)',
  },
  {
    number: 35,
    guarantee: 'Made-up user ids neither evict real users nor exceed the reads that are allowed.',
    proofs: [
      {
        file: 'test/serving/floods.test.ts',
        title:
          'a flood of made-up ids evicts no real user, and takes no more reads at a time than are configured',
      },
    ],
    failsWhen: 'unknown users are kept beside the known ones, or reads have no limit',
  },
  {
    number: 36,
    guarantee: 'No user id is in a log, a metric or a status.',
    proofs: [
      {
        file: 'test/http/privacy.test.ts',
        title: 'a user id is in no log line, metric or status: found, unknown, refused, failing or lost',
      },
      {
        file: 'test/http/secrets.test.ts',
        title:
          '/status, /metrics and the log show no setting that is a secret or a path, and no user id, under load',
      },
    ],
    failsWhen: 'Fastify logs requests as it does by default',
  },
  {
    number: 37,
    guarantee: 'Each role has the permissions that its calls need, and no others.',
    proofs: [
      {
        file: 'test/services/moto-iam.test.ts',
        title: 'each role’s policy allows every call that the code makes, on what it names, and no other',
      },
    ],
    failsWhen: 'BatchGetItem is replaced by Scan in the policy of servers',
    notProven: 'AWS’s own policy simulator.',
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
    proofs: [
      {
        file: 'test/deploy/alerts.test.ts',
        title: 'are as many as their tests and as the sections of the runbook, by the same names',
      },
    ],
    failsWhen:
      'an alert comes without its promtool test or its section; promtool itself fails where a limit is moved',
  },
  {
    number: 40,
    guarantee: 'Nothing grows over hours of swaps.',
    proofs: [
      {
        file: 'test/load-tests/soak-record.test.ts',
        title: 'the soak on record took two hours and a swap a minute, no request failed, and nothing grew',
      },
    ],
    failsWhen: 'requests are counted by their path: the server is out of its 64 MB of heap after 82 s',
  },
  {
    number: 41,
    guarantee: 'Metrics are cheap, and right.',
    proofs: [
      {
        file: 'test/metrics/scrape-time.test.ts',
        title: 'has each series that there can be, once, and none of a version that is past',
      },
    ],
    load: ['cached'],
    failsWhen: 'the series of a version stays when the version goes, or two placements share one',
  },
  {
    number: 42,
    guarantee: 'The load tests leave nothing out.',
    proofs: [
      { file: 'test/load-tests/omission.test.ts', title: 'shows in p99.9, at the rate that was asked for' },
    ],
    failsWhen: 'latency counts from when a request left, not from when it was due',
  },
];
