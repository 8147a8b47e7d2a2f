import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/domain/errors.ts';
import { pino } from 'pino';
import { buildOps } from '../../src/http/ops.ts';
import { buildLiveApi, buildTestApi } from '../support/build-test-api.ts';
import { point, pointerTo } from '../support/versions.ts';
import { poll } from '../support/serving.ts';

describe('/readyz', () => {
  it('is 200 while the server is ready, and 503 before and after, saying which', async () => {
    const { ops, lifecycle } = await buildTestApi();
    const look = async () => {
      const response = await ops.inject('/readyz');
      return [response.statusCode, response.json<{ status: string }>().status];
    };
    expect(await look()).toEqual([503, 'starting']);
    lifecycle.advance('ready');
    expect(await look()).toEqual([200, 'ready']);
    lifecycle.advance('draining');
    expect(await look()).toEqual([503, 'draining']);
    lifecycle.advance('closed');
    expect(await look()).toEqual([503, 'closed']);
  });

  it('does not care for the table or the pointer store', async () => {
    const test = await buildLiveApi();
    test.lifecycle.advance('ready');
    test.store.faults.beforeRead = () => {
      throw new StoreError('down');
    };
    test.pointers.setFailing(true);
    for (let index = 0; index < 25; index += 1) await test.get(`/recommendations/user-${index}`);
    await poll(test);
    const reads = test.store.calls.reads;
    expect((await test.ops.inject('/readyz')).statusCode).toBe(200);
    expect((await test.ops.inject('/livez')).statusCode).toBe(200);
    expect(test.store.calls.reads).toBe(reads);
  });
});

describe('/livez', () => {
  it('is 200 in every state', async () => {
    const { ops, lifecycle } = await buildTestApi();
    for (const state of ['ready', 'draining', 'closed'] as const) {
      expect((await ops.inject('/livez')).statusCode).toBe(200);
      lifecycle.advance(state);
    }
    expect((await ops.inject('/livez')).json()).toEqual({ status: 'alive' });
  });
});

describe('/status', () => {
  it('tells of each placement what is live, since when, by whom and why', async () => {
    const test = await buildLiveApi();
    const hold = { since: '2026-11-21T03:00:00.000Z', by: 'anna', reason: 'bad batch' };
    point(test.pointers, pointerTo(test.target, 2, { blocked: ['22423'], hold }));
    await poll(test);
    const status = (await test.ops.inject('/status')).json<{ placements: object[] }>();
    expect(status).toMatchObject({ status: 'starting', startedAt: '2026-11-22T00:00:00.000Z' });
    expect(status.placements).toEqual([
      {
        placement: 'home',
        pointer: 'found',
        pointerRefused: null,
        pointerLastReadAt: expect.stringMatching(/Z$/) as unknown,
        epoch: 2,
        version: test.target.seal.version,
        table: test.target.table,
        generatedAt: '2026-11-21T00:00:00.000Z',
        activatedAt: '2026-11-21T03:00:00.000Z',
        activatedBy: 'test',
        reason: 'test',
        signedBy: null,
        hold,
        adoptedAt: expect.stringMatching(/Z$/) as unknown,
        blocked: ['22423'],
        breaker: 'closed',
      },
      {
        placement: 'cart',
        pointer: 'absent',
        pointerRefused: null,
        pointerLastReadAt: expect.stringMatching(/Z$/) as unknown,
        epoch: null,
        version: null,
      },
    ]);
  });

  it('says why a pointer is not live, until another one is there', async () => {
    const test = await buildLiveApi();
    const seen = async () => {
      await poll(test);
      return (await test.ops.inject('/status')).json<{ placements: object[] }>().placements[0];
    };
    test.pointers.put('home', '{"half');
    const refused = { pointer: 'found', pointerRefused: 'malformed', epoch: 1 };
    expect(await seen()).toMatchObject(refused);
    expect(await seen()).toMatchObject(refused);
    point(test.pointers, pointerTo(test.target, 2));
    expect(await seen()).toMatchObject({ pointerRefused: null, epoch: 2 });
  });

  it('says that a pointer store is away', async () => {
    const test = await buildTestApi();
    test.pointers.setFailing(true);
    await poll(test);
    expect((await test.ops.inject('/status')).json()).toMatchObject({
      placements: [{ epoch: null }, { epoch: null }],
    });
  });
});

describe('the ops listener', () => {
  it('gives metrics in the form that Prometheus reads', async () => {
    const { ops } = await buildTestApi();
    const response = await ops.inject('/metrics');
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(response.body).toContain('# TYPE topshelf_http_request_duration_seconds histogram');
  });

  it('answers what it does not know with a problem document that does not repeat it', async () => {
    const { ops } = await buildTestApi();
    const response = await ops.inject('/recommendations/canary');
    expect(response.statusCode).toBe(404);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(response.body).not.toContain('canary');
  });

  it.each([
    ['is no JSON', '{"a":', 400],
    ['is empty', '', 400],
    ['is too large', JSON.stringify('x'.repeat(2 ** 21)), 413],
  ])('answers a body that %s with its status, and logs nothing', async (_, payload, status) => {
    const test = await buildTestApi();
    const headers = { 'content-type': 'application/json' };
    const response = await test.ops.inject({ method: 'POST', url: '/livez', headers, payload });
    expect([response.statusCode, response.headers['content-type']]).toEqual([
      status,
      expect.stringContaining('application/problem+json'),
    ]);
    expect(test.logged()).toBe('');
  });

  it('logs why it could not answer, and tells the caller nothing of it', async () => {
    const lines: string[] = [];
    const ops = await buildOps({
      logger: pino({}, { write: (line: string) => void lines.push(line) }),
      state: () => 'ready',
      placements: () => [],
      metrics: () => Promise.reject(new Error('secret inner state')),
      startedAt: '',
    });
    const response = await ops.inject('/metrics');
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain('secret');
    expect(lines.join('')).toContain('secret inner state');
    await ops.close();
  });
});
