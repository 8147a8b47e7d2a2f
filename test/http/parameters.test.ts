import { describe, expect, it } from 'vitest';
import { answersOf, bodyOf, buildLiveApi, productsOf } from '../support/build-test-api.ts';
import { list } from '../support/versions.ts';

const twenty = Array.from({ length: 20 }, (_, index) => `p${index}`);

describe('limit', () => {
  it('is the most that an answer holds: 1 to 20, 5 where it is left out', async () => {
    const test = await buildLiveApi();
    await test.goLive({ number: 2, users: { anna: list(...twenty) } }, 2);
    expect(productsOf(await test.get('/recommendations/anna'))).toHaveLength(5);
    for (const limit of [1, 5, 20]) {
      expect(productsOf(await test.get(`/recommendations/anna?limit=${limit}`))).toEqual(
        twenty.slice(0, limit),
      );
    }
  });

  it('may be more than there is', async () => {
    const { get } = await buildLiveApi();
    expect(productsOf(await get('/recommendations/bert?limit=20'))).toEqual(['x', 'y']);
  });
});

describe('exclude', () => {
  it.each([
    ['one product', 'exclude=a'],
    ['a list', 'exclude=a,c'],
    ['the parameter repeated', 'exclude=a&exclude=c'],
    ['both', 'exclude=a,c&exclude=g,nothing'],
    ['empty entries, which mean nothing', 'exclude=,a,,c,&exclude='],
  ])('takes %s', async (_, query) => {
    const { get } = await buildLiveApi();
    const excluded = new Set(query.replaceAll('exclude=', '').split(/[,&]/));
    const expected = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].filter((id) => !excluded.has(id)).slice(0, 5);
    expect(productsOf(await get(`/recommendations/anna?${query}`))).toEqual(expected);
  });

  it('keeps products out of popular answers too, and of POST', async () => {
    const { get, post } = await buildLiveApi();
    expect(productsOf(await get('/recommendations/nobody?exclude=p1'))).toEqual([
      'p2',
      'p3',
      'p4',
      'p5',
      'p6',
    ]);
    const [anna] = answersOf(await post({ userIds: ['anna'], exclude: ['a', 'b'], limit: 2 }));
    expect(anna?.recommendations.map(({ productId }) => productId)).toEqual(['c', 'd']);
  });

  it('takes ids with Unicode, spaces and, in a POST, commas', async () => {
    const test = await buildLiveApi();
    await test.goLive({ number: 2, users: { anna: list('漢 字', 'a,b', 'c') } }, 2);
    const url = `/recommendations/anna?exclude=${encodeURIComponent('漢 字')}`;
    expect(productsOf(await test.get(url))).toEqual(['a,b', 'c']);
    const [anna] = answersOf(await test.post({ userIds: ['anna'], exclude: ['a,b'] }));
    expect(anna?.recommendations.map(({ productId }) => productId)).toEqual(['漢 字', 'c']);
  });

  it('takes 100 products and refuses 101', async () => {
    const { get, post } = await buildLiveApi();
    const ids = Array.from({ length: 101 }, (_, index) => `x${index}`);
    for (const [count, status] of [
      [100, 200],
      [101, 400],
    ] as const) {
      const some = ids.slice(0, count);
      expect((await get(`/recommendations/anna?exclude=${some.join()}`)).statusCode).toBe(status);
      const repeated = some.map((id) => `exclude=${id}`).join('&');
      expect((await get(`/recommendations/anna?${repeated}`)).statusCode).toBe(status);
      expect((await post({ userIds: ['anna'], exclude: some })).statusCode).toBe(status);
    }
  });
});

describe('a user id in the path', () => {
  it.each(['00123', 'a/b', 'ä ö', '漢字', '🧁', '%', 'a?b', '__proto__', 'constructor', 'u'.repeat(128)])(
    'is taken percent-encoded and given back as it is: %s',
    async (userId) => {
      const test = await buildLiveApi();
      await test.goLive({ number: 2, users: Object.fromEntries([[userId, [['z', 1]]]]) }, 2);
      const response = await test.get(`/recommendations/${encodeURIComponent(userId)}`);
      expect(bodyOf(response)).toMatchObject({ userId, source: 'personalized' });
    },
  );
});

describe('POST /recommendations', () => {
  it('answers each user in the order of the request, repeated ones too, each with its own source', async () => {
    const test = await buildLiveApi();
    const response = await test.post({ userIds: ['nobody', 'bert', 'anna', 'bert'] });
    expect(response.statusCode).toBe(200);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.headers).not.toHaveProperty('etag');
    expect(response.json()).toMatchObject({ placement: 'home', version: test.target.seal.version });
    expect(answersOf(response).map(({ userId, source }) => [userId, source])).toEqual([
      ['nobody', 'popular'],
      ['bert', 'personalized'],
      ['anna', 'personalized'],
      ['bert', 'personalized'],
    ]);
    expect(test.store.calls).toMatchObject({ reads: 1, usersRead: 3 });
  });

  it('refuses parameters in its address, where they would do nothing', async () => {
    const { send } = await buildLiveApi();
    const headers = { 'content-type': 'application/json' };
    const response = await send({
      method: 'POST',
      url: '/recommendations?placement=cart',
      headers,
      payload: '{"userIds":["anna"]}',
    });
    expect([response.statusCode, response.json()]).toMatchObject([
      400,
      { detail: 'querystring has "placement", which is not a parameter' },
    ]);
  });

  it('gives every user of it the answer that GET gives', async () => {
    const { get, post } = await buildLiveApi();
    const answers = answersOf(await post({ userIds: ['anna', 'nobody'], limit: 3 }));
    for (const answer of answers) {
      expect((await get(`/recommendations/${answer.userId}?limit=3`)).json()).toEqual(answer);
    }
  });

  it('says none for a user without a prediction with fallback=none, and still answers the others', async () => {
    const test = await buildLiveApi();
    test.store.faults.throttled = (userId) => userId === 'bert';
    const answers = answersOf(await test.post({ userIds: ['anna', 'nobody', 'bert'], fallback: 'none' }));
    expect(
      answers.map(({ source, reason, recommendations }) => [source, reason, recommendations.length]),
    ).toEqual([
      ['personalized', undefined, 5],
      ['none', 'unknown-user', 0],
      ['none', 'store-throttled', 0],
    ]);
  });

  it('takes 1 to 100 users', async () => {
    const { post } = await buildLiveApi();
    const users = (count: number) => Array.from({ length: count }, (_, index) => `u${index}`);
    for (const [count, status] of [
      [0, 400],
      [1, 200],
      [100, 200],
      [101, 400],
    ] as const) {
      const response = await post({ userIds: users(count) });
      expect(response.statusCode, `${count} users`).toBe(status);
      if (status === 200) expect(answersOf(response).map(({ userId }) => userId)).toEqual(users(count));
    }
  });

  it('takes the largest request that is allowed, however a client escapes it', async () => {
    const { post } = await buildLiveApi();
    const ids = (letter: string) =>
      Array.from({ length: 100 }, (_, index) => letter.repeat(125) + String(100 + index));
    const escaped = JSON.stringify({ userIds: ids('u'), exclude: ids('x') }).replaceAll(
      /[ux](?=[ux\d])/g,
      (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`,
    );
    expect(escaped.length).toBeGreaterThan(128 * 1024);
    const response = await post(escaped);
    expect(response.statusCode).toBe(200);
    expect(answersOf(response)).toHaveLength(100);
  });
});
