import type { LightMyRequestResponse } from 'fastify';
import { describe, expect, it } from 'vitest';
import { bodyOf, buildLiveApi, type TestApi } from '../support/build-test-api.ts';

function expectProblem(response: LightMyRequestResponse, status: number): { title: string; detail: string } {
  expect(response.statusCode).toBe(status);
  expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(response.headers['cache-control']).not.toContain('private');
  const body = response.json<{ type: string; title: string; status: number; detail: string }>();
  expect(body).toEqual({
    type: 'about:blank',
    title: expect.stringMatching(/./) as unknown,
    status,
    detail: expect.stringMatching(/./) as unknown,
  });
  return body;
}

describe('a GET that is refused with 400', () => {
  it.each([
    ['a limit of 0', 'anna?limit=0', 'limit'],
    ['a limit of 21', 'anna?limit=21', 'limit'],
    ['a limit that is no number', 'anna?limit=five', 'limit'],
    ['a limit with a fraction', 'anna?limit=2.5', 'limit'],
    ['a limit that is empty', 'anna?limit=', 'limit'],
    ['two limits', 'anna?limit=2&limit=3', 'limit'],
    ['a placement that cannot be one', 'anna?placement=Home', 'placement'],
    ['two placements', 'anna?placement=home&placement=cart', 'placement'],
    ['an unknown fallback', 'anna?fallback=maybe', 'fallback'],
    ['a parameter that does not exist', 'anna?limt=3', 'limt'],
    ['__proto__ as a parameter', 'anna?__proto__=3', '__proto__'],
    ['constructor as a parameter', 'anna?constructor=3', 'constructor'],
    ['an excluded product with a control character', 'anna?exclude=a%0Ab', 'control character'],
    ['an excluded product that is too long', `anna?exclude=${'x'.repeat(129)}`, '129 bytes'],
    ['a user id of 129 characters', 'u'.repeat(129), '128'],
    ['a user id of 130 bytes', encodeURIComponent('é'.repeat(65)), '130 bytes'],
    ['a user id with NUL', 'a%00b', 'control character'],
    ['a user id with a line break', 'a%0D%0Ab', 'control character'],
    ['the reserved #', '%23seal', 'reserved'],
    ['a percent sign that encodes nothing', 'a%ZZ', 'percent-encoding'],
    ['a percent-encoding cut short', 'a%E', 'percent-encoding'],
    ['bytes that are no UTF-8', 'a%FF', 'percent-encoding'],
  ])('has %s, and the answer says so', async (_, path, detail) => {
    const { get } = await buildLiveApi();
    expect(expectProblem(await get(`/recommendations/${path}`), 400).detail).toContain(detail);
  });
});

describe('a POST that is refused', () => {
  const REFUSED: [why: string, body: object | string, detail: string][] = [
    ['a number among the user ids, which might be meant as "00123"', { userIds: [123] }, 'userIds/0'],
    ['a number among the excluded products', { userIds: ['a'], exclude: [22423] }, 'exclude/0'],
    ['a limit in quotes', { userIds: ['a'], limit: '5' }, 'limit'],
    ['no users', {}, 'userIds'],
    ['null for the users', { userIds: null }, 'userIds'],
    ['one user id that is not in a list', { userIds: 'anna' }, 'userIds'],
    ['an empty user id', { userIds: [''] }, 'userIds/0'],
    ['a user id that is too long in bytes', { userIds: ['é'.repeat(65)] }, '130 bytes'],
    ['the key of the seal', { userIds: ['#seal'] }, 'reserved'],
    ['half a surrogate pair', '{"userIds":["\\ud83e"]}', 'not valid Unicode'],
    [
      'half a surrogate pair among the excluded',
      '{"userIds":["a"],"exclude":["\\udfc1"]}',
      'not valid Unicode',
    ],
    ['an unknown field', { userIds: ['a'], user: 'b' }, '"user"'],
    ['a list for a body', ['anna'], 'body'],
    ['null for a body', 'null', 'body'],
    ['JSON that ends early', '{"userIds":["a"', 'JSON'],
    ['__proto__ in the body', '{"userIds":["a"],"__proto__":{"limit":1}}', ''],
    ['an empty body', '', ''],
  ];

  it.each(REFUSED)('with 400 has %s', async (_, body, detail) => {
    const { post } = await buildLiveApi();
    expect(expectProblem(await post(body), 400).detail).toContain(detail);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/xml',
    'text/plain; application/json',
  ])('with 415 is %s', async (type) => {
    const { post } = await buildLiveApi();
    expectProblem(await post('{"userIds":["anna"]}', { 'content-type': type }), 415);
  });

  it('with 413 is over 192 KiB', async () => {
    const { post } = await buildLiveApi();
    expectProblem(await post(JSON.stringify({ userIds: ['a'], exclude: ['x'.repeat(192 * 1024)] })), 413);
  });
});

describe('a path that leads nowhere', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/recommendations'],
    ['GET', '/recommendations/a/b'],
    ['GET', '/metrics'],
    ['GET', '/status'],
    ['DELETE', '/recommendations/anna'],
    ['PUT', '/recommendations'],
  ] as const)('is 404: %s %s', async (method, url) => {
    const { api } = await buildLiveApi();
    expectProblem(await api.inject({ method, url }), 404);
  });

  it('is 400 for a user id that is empty', async () => {
    const { get } = await buildLiveApi();
    expectProblem(await get('/recommendations/'), 400);
  });

  it('is 414 where a part of it is longer than any user id could be', async () => {
    const { get } = await buildLiveApi();
    expectProblem(await get(`/recommendations/${'u'.repeat(2049)}`), 414);
    expectProblem(await get(`/recommendations/${'u'.repeat(2048)}`), 400);
  });
});

describe('an unexpected error', () => {
  /** Requests fail as only a defect of ours could make them, until the function that it returns is called. */
  function breakService({ serving }: TestApi): () => void {
    const answer = () => {
      throw new Error('secret inner state');
    };
    Object.assign(serving.service, { answer });
    return () => void Reflect.deleteProperty(serving.service, 'answer');
  }

  it('is 500, tells the caller nothing of what happened and the log all of it', async () => {
    const test = await buildLiveApi();
    breakService(test);
    const { detail } = expectProblem(await test.get('/recommendations/anna'), 500);
    expect(detail).not.toContain('secret');
    expect(test.logged()).toContain('secret inner state');
  });

  it('leaves the next request alone', async () => {
    const test = await buildLiveApi();
    const mend = breakService(test);
    await test.get('/recommendations/anna');
    mend();
    expect(bodyOf(await test.get('/recommendations/anna')).source).toBe('personalized');
  });
});

describe('what a caller sends', () => {
  it('never becomes a header of the answer', async () => {
    const { get } = await buildLiveApi();
    const marker = 'x-injected';
    for (const url of [
      `anna?exclude=${marker}`,
      `${marker}`,
      `anna?placement=${marker}`,
      `a%0D%0A${marker}:1`,
    ]) {
      const { headers } = await get(`/recommendations/${url}`, { 'if-none-match': `"${marker}"` });
      expect(JSON.stringify(headers)).not.toContain(marker);
    }
  });

  it('does not change the prototype of what the server works with', async () => {
    const { post, get } = await buildLiveApi();
    await post('{"userIds":["a"],"constructor":{"prototype":{"limit":1}}}');
    await post('{"userIds":["__proto__","constructor"]}');
    await get('/recommendations/__proto__?exclude=__proto__');
    expect(({} as Record<string, unknown>).limit).toBeUndefined();
    expect((await post({ userIds: ['__proto__', 'constructor'] })).statusCode).toBe(200);
  });
});
