import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/domain/errors.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { buildLiveApi, buildTestApi, VERSION_1, type TestApi } from '../support/build-test-api.ts';
import { poll } from '../support/serving.ts';
import { point, pointerTo } from '../support/versions.ts';

// What a gauge may end in where it has no unit of its own: a count of things, or a state.
const UNITLESS = [
  'topshelf_http_requests_in_flight',
  'topshelf_cache_entries',
  'topshelf_store_reads_in_flight',
  'topshelf_breaker_state',
  'topshelf_pointer_epoch',
  'topshelf_blocked_products',
  'topshelf_activations_held',
  'topshelf_lifecycle_state',
];

async function scrape({ ops }: TestApi): Promise<string[]> {
  return (await ops.inject('/metrics')).body.split('\n');
}

/** The series of one metric, without their values. */
async function seriesOf(test: TestApi, name: string): Promise<string[]> {
  const lines = (await scrape(test)).filter(
    (line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `),
  );
  return lines.map((line) => line.slice(0, line.lastIndexOf(' ')));
}

async function valueOf(test: TestApi, series: string): Promise<number> {
  const line = (await scrape(test)).find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
}

describe('every metric', () => {
  it('is named after topshelf, with its unit, and counters end in _total', async () => {
    for (const { name, type, help } of await createMetrics().registry.getMetricsAsJSON()) {
      expect(help, name).toBeTruthy();
      if (!name.startsWith('topshelf_')) {
        expect(name).toMatch(/^(nodejs|process)_/);
        continue;
      }
      expect(name).toMatch(/^topshelf_[a-z_]+$/);
      const kind = String(type);
      if (kind === 'counter') expect(name).toMatch(/_total$/);
      else if (kind === 'histogram') expect(name).toMatch(/_(seconds|users)$/);
      else if (!UNITLESS.includes(name)) expect(name).toMatch(/_(bytes|ratio|info|timestamp_seconds)$/);
    }
  });

  it('is there after a request, and what is known has a value', async () => {
    const test = await buildLiveApi();
    await test.get('/recommendations/anna');
    const text = (await scrape(test)).join('\n');
    for (const { name } of await test.metrics.registry.getMetricsAsJSON())
      expect(text).toContain(`# TYPE ${name} `);
    const labels = 'placement="home"';
    const { version, table } = { version: test.target.seal.version, table: test.target.table };
    for (const [series, value] of [
      [`topshelf_answers_total{${labels},source="personalized",reason=""}`, 1],
      [`topshelf_cache_lookups_total{${labels},outcome="miss"}`, 1],
      [`topshelf_store_users_read_total{${labels},outcome="ok"}`, 1],
      [`topshelf_store_read_duration_seconds_count{${labels},outcome="ok"}`, 1],
      [`topshelf_pointer_epoch{${labels}}`, 1],
      [`topshelf_active_version_info{${labels},version="${version}",table="${table}"}`, 1],
      [`topshelf_predictions_generated_timestamp_seconds{${labels}}`, Date.UTC(2026, 10, 21) / 1000],
      [`topshelf_breaker_state{${labels}}`, 0],
      ['topshelf_cache_entries', 1],
      ['topshelf_cache_limit_bytes', 10 * 1024 * 1024],
      ['topshelf_store_reads_in_flight', 0],
      ['topshelf_http_requests_in_flight', 0],
      ['topshelf_lifecycle_state{state="starting"}', 1],
      ['topshelf_lifecycle_state{state="ready"}', 0],
    ] as const) {
      expect(await valueOf(test, series), series).toBe(value);
    }
    expect(await valueOf(test, 'topshelf_cache_size_bytes')).toBeGreaterThan(450);
    const age =
      Date.now() / 1000 - (await valueOf(test, `topshelf_pointer_last_read_timestamp_seconds{${labels}}`));
    expect(age).toBeLessThan(30);
  });
});

describe('requests', () => {
  it('are counted by the pattern of the route, not by its path', async () => {
    const test = await buildLiveApi();
    await test.get('/recommendations/anna');
    await test.get('/recommendations/bert?limit=2');
    await test.post({ userIds: ['anna'] });
    await test.get('/nothing/here');
    await test.get('/recommendations/anna?limit=0');
    expect(await seriesOf(test, 'topshelf_http_request_duration_seconds_count')).toEqual([
      'topshelf_http_request_duration_seconds_count{route="/recommendations/:userId",placement="home",source="personalized",status="200"}',
      'topshelf_http_request_duration_seconds_count{route="/recommendations",placement="home",source="",status="200"}',
      'topshelf_http_request_duration_seconds_count{route="none",placement="",source="",status="404"}',
      'topshelf_http_request_duration_seconds_count{route="/recommendations/:userId",placement="",source="",status="400"}',
    ]);
  });

  it.each([
    ['while a placement is live', buildLiveApi, 404],
    ['while nothing is live', buildTestApi, 503],
  ] as const)(
    'for placements of the caller’s invention make no series of their own, %s',
    async (_, build, status) => {
      const test = await build();
      for (let index = 0; index < 20; index += 1) {
        expect((await test.get(`/recommendations/anna?placement=made_up_${index}`)).statusCode).toBe(status);
        expect((await test.post({ userIds: ['anna'], placement: `made_up_${index}` })).statusCode).toBe(
          status,
        );
      }
      expect((await scrape(test)).join('\n')).not.toContain('made_up');
      expect(await seriesOf(test, 'topshelf_http_request_duration_seconds_count')).toHaveLength(2);
    },
  );

  it('for users and products of the caller’s invention make no series either', async () => {
    const test = await buildLiveApi();
    await test.get('/recommendations/u0?exclude=x0');
    const series = async () => (await scrape(test)).filter((line) => line.startsWith('topshelf_')).length;
    const before = await series();
    for (let index = 1; index < 30; index += 1)
      await test.get(`/recommendations/u${index}?exclude=x${index}`);
    expect(await series()).toBe(before);
  });

  it('are no longer in flight when they have ended, refused ones too', async () => {
    const test = await buildLiveApi({ maxRequestsInFlight: 1 });
    const gate = Promise.withResolvers<undefined>();
    test.store.faults.beforeRead = () => gate.promise;
    const underWay = test.get('/recommendations/anna');
    await expect.poll(() => test.store.calls.reads).toBe(1);
    expect(await valueOf(test, 'topshelf_http_requests_in_flight')).toBe(1);
    expect((await test.get('/recommendations/anna')).statusCode).toBe(503);
    gate.resolve(undefined);
    await underWay;
    await expect.poll(() => valueOf(test, 'topshelf_http_requests_in_flight')).toBe(0);
  });
});

describe('a swap', () => {
  it('is counted and timed, and ends the series of the version before', async () => {
    const test = await buildLiveApi();
    const second = await test.goLive({ ...VERSION_1, number: 2 }, 2);
    expect(await seriesOf(test, 'topshelf_active_version_info')).toEqual([
      `topshelf_active_version_info{placement="home",version="${second.seal.version}",table="${second.table}"}`,
    ]);
    expect(await valueOf(test, 'topshelf_swaps_total{placement="home",changed="true"}')).toBe(1);
    expect(await valueOf(test, 'topshelf_swap_duration_seconds_count{placement="home"}')).toBe(1);
    expect(await valueOf(test, 'topshelf_pointer_epoch{placement="home"}')).toBe(2);
  });

  it('of blocked products only is told apart from one of the version', async () => {
    const test = await buildLiveApi();
    point(test.pointers, pointerTo(test.target, 2, { blocked: ['a', 'b'] }));
    await poll(test);
    expect(await valueOf(test, 'topshelf_swaps_total{placement="home",changed="false"}')).toBe(1);
    expect(await valueOf(test, 'topshelf_blocked_products{placement="home"}')).toBe(2);
    expect(await seriesOf(test, 'topshelf_active_version_info')).toHaveLength(1);
  });
});

describe('a hold', () => {
  it('shows from the pointer that takes it to the one that releases it', async () => {
    const test = await buildLiveApi();
    const held = 'topshelf_activations_held{placement="home"}';
    expect(await valueOf(test, held)).toBe(0);
    const hold = { since: '2026-11-21T04:00:00.000Z', by: 'test', reason: 'rolled back' };
    point(test.pointers, pointerTo(test.target, 2, { hold }));
    await poll(test);
    expect(await valueOf(test, held)).toBe(1);
    point(test.pointers, pointerTo(test.target, 3));
    await poll(test);
    expect(await valueOf(test, held)).toBe(0);
  });
});

describe('trouble', () => {
  it('with the pointer is counted by reason, and its store by placement', async () => {
    const test = await buildLiveApi();
    test.pointers.put('home', '{');
    await poll(test);
    test.pointers.setFailing(true);
    await poll(test);
    expect(
      await valueOf(test, 'topshelf_pointer_rejections_total{placement="home",reason="malformed"}'),
    ).toBe(1);
    expect(await valueOf(test, 'topshelf_pointer_read_errors_total{placement="home"}')).toBe(1);
  });

  it('with the table shows in reads, answers and the breaker', async () => {
    const test = await buildLiveApi();
    test.store.faults.beforeRead = () => {
      throw new StoreError('down');
    };
    for (let index = 0; index < 21; index += 1) await test.get(`/recommendations/user-${index}`);
    const labels = 'placement="home"';
    expect(await valueOf(test, `topshelf_store_users_read_total{${labels},outcome="error"}`)).toBe(20);
    expect(
      await valueOf(test, `topshelf_answers_total{${labels},source="popular",reason="store-error"}`),
    ).toBe(20);
    expect(
      await valueOf(test, `topshelf_answers_total{${labels},source="popular",reason="breaker-open"}`),
    ).toBe(1);
    expect(await valueOf(test, `topshelf_breaker_state{${labels}}`)).toBe(2);
    expect(await valueOf(test, `topshelf_breaker_transitions_total{${labels},state="open"}`)).toBe(1);
  });

  it('with an item that is no prediction is counted', async () => {
    const test = await buildLiveApi();
    await test.store.write(
      test.target.table,
      [{ userId: 'odd', items: '[["a","high"]]' }],
      AbortSignal.timeout(1000),
    );
    await test.get('/recommendations/odd');
    expect(await valueOf(test, 'topshelf_store_items_unreadable_total{placement="home"}')).toBe(1);
  });
});
