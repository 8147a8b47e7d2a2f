import { describe, expect, it } from 'vitest';
import { StoreError, StoreThrottledError } from '../../src/domain/errors.ts';
import {
  answersOf,
  bodyOf,
  buildLiveApi,
  buildTestApi,
  productsOf,
  VERSION_1,
  type TestApi,
} from '../support/build-test-api.ts';
import { poll } from '../support/serving.ts';
import { point, pointerTo, storeVersion } from '../support/versions.ts';

const POPULAR = ['p1', 'p2', 'p3', 'p4', 'p5'];

/** Reads of the table fail from now on. */
function breakStore({ store }: TestApi, error: Error = new StoreError('down')): void {
  store.faults.beforeRead = () => {
    throw error;
  };
}

describe('a user in the table', () => {
  it('gets the first five of the live version, personalized and without a reason', async () => {
    const { get, target } = await buildLiveApi();
    const response = await get('/recommendations/anna');
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.json()).toEqual({
      userId: 'anna',
      placement: 'home',
      version: target.seal.version,
      source: 'personalized',
      recommendations: ['a', 'b', 'c', 'd', 'e'].map((productId, index) => ({
        productId,
        score: 1 - index / 100,
      })),
    });
  });

  it('gets the answer of the placement that was asked for', async () => {
    const test = await buildLiveApi();
    await test.goLive({ placement: 'cart', number: 9, users: { anna: [['z', 1]] } }, 1);
    expect(bodyOf(await test.get('/recommendations/anna?placement=cart'))).toMatchObject({
      placement: 'cart',
      source: 'personalized',
      recommendations: [{ productId: 'z', score: 1 }],
    });
  });
});

describe('a user who is not in the table', () => {
  it('gets popular products, and is told why', async () => {
    const { get } = await buildLiveApi();
    const response = await get('/recommendations/nobody');
    expect(response.statusCode).toBe(200);
    expect(bodyOf(response)).toMatchObject({ source: 'popular', reason: 'unknown-user' });
    expect(productsOf(response)).toEqual(POPULAR);
  });

  it('gets 404 with fallback=none', async () => {
    const { get } = await buildLiveApi();
    const response = await get('/recommendations/nobody?fallback=none');
    expect(response.statusCode).toBe(404);
    expect(response.json()).toMatchObject({ status: 404, title: 'Unknown user' });
    expect(response.headers).not.toHaveProperty('retry-after');
  });

  it('never gets an answer of another version', async () => {
    const test = await buildLiveApi();
    expect(bodyOf(await test.get('/recommendations/anna'))).toMatchObject({ source: 'personalized' });
    await test.goLive({ number: 2, users: { bert: [['y', 1]] } }, 2);
    expect(bodyOf(await test.get('/recommendations/anna'))).toMatchObject({
      source: 'popular',
      reason: 'unknown-user',
    });
  });
});

describe('while the table cannot be read', () => {
  const FAILURES: [reason: string, prepare: (test: TestApi) => void][] = [
    ['store-timeout', ({ store }) => (store.faults.beforeRead = () => new Promise<void>(() => undefined))],
    ['store-throttled', (test) => breakStore(test, new StoreThrottledError('slow down'))],
    ['store-throttled', ({ store }) => (store.faults.throttled = () => true)],
    ['store-error', (test) => breakStore(test)],
    ['store-error', (test) => breakStore(test, new TypeError('a defect of ours'))],
  ];

  it.each(FAILURES)('a user gets popular products with reason %s', async (reason, prepare) => {
    const test = await buildLiveApi({ config: { readTimeoutMs: 20 } });
    prepare(test);
    const response = await test.get('/recommendations/anna');
    expect(response.statusCode).toBe(200);
    expect(bodyOf(response)).toMatchObject({ source: 'popular', reason });
    expect(productsOf(response)).toEqual(POPULAR);
  });

  it.each(FAILURES)('a user gets 503 with fallback=none, never 404: %s', async (reason, prepare) => {
    const test = await buildLiveApi({ config: { readTimeoutMs: 20 } });
    prepare(test);
    const response = await test.get('/recommendations/nobody?fallback=none');
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('1');
    expect(response.json<{ detail: string }>().detail).toContain(reason);
  });

  it('a user who was read before gets that answer as stale, also with fallback=none', async () => {
    const test = await buildLiveApi();
    await test.get('/recommendations/anna');
    test.clock.ms = 600_000;
    breakStore(test);
    for (const url of ['/recommendations/anna', '/recommendations/anna?fallback=none']) {
      const response = await test.get(url);
      expect(bodyOf(response)).toMatchObject({ source: 'stale', reason: 'store-error' });
      expect(productsOf(response)).toEqual(['a', 'b', 'c', 'd', 'e']);
    }
  });

  it('the breaker opens, answers say so, and the other placement is not touched', async () => {
    const test = await buildLiveApi();
    await test.goLive({ placement: 'cart', number: 9, users: { anna: [['z', 1]] } }, 1);
    breakStore(test);
    for (let index = 0; index < 25; index += 1) await test.get(`/recommendations/user-${index}`);
    test.store.faults.beforeRead = undefined;
    expect(bodyOf(await test.get('/recommendations/anna'))).toMatchObject({
      source: 'popular',
      reason: 'breaker-open',
    });
    expect((await test.get('/recommendations/anna?fallback=none')).statusCode).toBe(503);
    expect(bodyOf(await test.get('/recommendations/anna?placement=cart'))).toMatchObject({
      source: 'personalized',
    });
  });

  it('reads that are shed give popular products with reason overloaded', async () => {
    const test = await buildLiveApi({
      shedder: { admit: () => false, shedShare: () => 1, close: () => undefined },
    });
    expect(bodyOf(await test.get('/recommendations/anna'))).toMatchObject({
      source: 'popular',
      reason: 'overloaded',
    });
  });
});

describe('a blocked product', () => {
  it('is in no answer from any source, and there are still five', async () => {
    const test = await buildLiveApi();
    await test.get('/recommendations/anna');
    point(test.pointers, pointerTo(test.target, 2, { blocked: ['a', 'c', 'p1', 'p3'] }));
    await poll(test);
    expect(productsOf(await test.get('/recommendations/anna'))).toEqual(['b', 'd', 'e', 'f', 'g']);
    expect(productsOf(await test.get('/recommendations/nobody'))).toEqual(['p2', 'p4', 'p5', 'p6', 'p7']);
    const posted = answersOf(await test.post({ userIds: ['anna', 'nobody'] }));
    expect(posted.map((answer) => answer.recommendations.map(({ productId }) => productId))).toEqual([
      ['b', 'd', 'e', 'f', 'g'],
      ['p2', 'p4', 'p5', 'p6', 'p7'],
    ]);
    test.clock.ms = 600_000;
    breakStore(test);
    const stale = await test.get('/recommendations/anna');
    expect(bodyOf(stale).source).toBe('stale');
    expect(productsOf(stale)).toEqual(['b', 'd', 'e', 'f', 'g']);
  });

  it('is left out without reading a user again', async () => {
    const test = await buildLiveApi();
    await test.get('/recommendations/anna');
    point(test.pointers, pointerTo(test.target, 2, { blocked: ['a'] }));
    await poll(test);
    await test.get('/recommendations/anna');
    expect(test.store.calls.reads).toBe(1);
  });
});

describe('a placement', () => {
  it('that does not exist is 404, as is one that never had a pointer', async () => {
    const { get, post } = await buildLiveApi();
    for (const placement of ['nowhere', 'cart']) {
      const response = await get(`/recommendations/anna?placement=${placement}`);
      expect(response.statusCode).toBe(404);
      expect(response.json()).toMatchObject({ title: 'Unknown placement' });
      expect((await post({ userIds: ['anna'], placement })).statusCode).toBe(404);
    }
  });

  it('is 503 with Retry-After while nothing at all is live', async () => {
    const { get, post } = await buildTestApi();
    for (const response of [await get('/recommendations/anna'), await post({ userIds: ['anna'] })]) {
      expect(response.statusCode).toBe(503);
      expect(response.headers['retry-after']).toBe('1');
      expect(response.json()).toMatchObject({ title: 'Not ready' });
    }
  });

  it('keeps its live version while the pointer is malformed, older or names an unsealed table', async () => {
    const test = await buildLiveApi();
    const { version } = bodyOf(await test.get('/recommendations/anna'));
    test.pointers.put('home', '{"schemaVersion":1');
    await poll(test);
    test.pointers.put('home', 'arn:aws:dynamodb:eu-west-1:1:table/evil');
    await poll(test);
    await test.goLive({ ...VERSION_1, number: 3 }, 0);
    const unsealed = await storeVersion(test.store, { ...VERSION_1, number: 4 }, { sealed: false });
    point(test.pointers, pointerTo(unsealed, 5));
    await poll(test);
    test.pointers.setFailing(true);
    await poll(test);
    expect(bodyOf(await test.get('/recommendations/anna'))).toMatchObject({
      version,
      source: 'personalized',
    });
    expect(test.seen.rejections.map(({ reason }) => reason)).toEqual([
      'malformed',
      'malformed',
      'epoch-not-higher',
      'unsealed',
    ]);
  });
});

describe('past the requests that may be under way', () => {
  it('a request gets 503 with Retry-After at once, and room comes back', async () => {
    const test = await buildLiveApi({ maxRequestsInFlight: 2 });
    const gate = Promise.withResolvers<undefined>();
    test.store.faults.beforeRead = () => gate.promise;
    const underWay = [test.get('/recommendations/anna'), test.get('/recommendations/bert')];
    await expect.poll(() => test.store.calls.reads).toBe(2);
    const refused = await test.get('/recommendations/carl');
    expect(refused.statusCode).toBe(503);
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.json()).toMatchObject({ title: 'Overloaded' });
    gate.resolve(undefined);
    for (const response of await Promise.all(underWay)) expect(response.statusCode).toBe(200);
    expect((await test.get('/recommendations/carl')).statusCode).toBe(200);
  });
});

describe('while the server drains', () => {
  it('requests are answered, and each answer closes its connection', async () => {
    const test = await buildLiveApi();
    test.lifecycle.advance('ready');
    expect((await test.get('/recommendations/anna')).headers.connection).toBe('keep-alive');
    test.lifecycle.advance('draining');
    for (const url of ['/recommendations/anna', '/recommendations/', '/recommendations/anna?limit=0']) {
      expect((await test.get(url)).headers.connection).toBe('close');
    }
    expect((await test.get('/recommendations/anna')).statusCode).toBe(200);
  });
});
