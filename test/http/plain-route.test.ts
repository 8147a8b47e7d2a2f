import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildLiveApi, buildTestApi, VERSION_1, type TestApi } from '../support/build-test-api.ts';
import { exchange, listen } from '../support/raw-client.ts';
import { list } from '../support/versions.ts';

// What a path segment may hold (RFC 3986, pchar), each alone, and what is more than a plain path.
const SEGMENT = [
  ..."abcXYZ019-._~!$&'()*+,;=:@",
  '%41',
  '%C3%A9',
  '%2F',
  '%23',
  '%',
  '%zz',
  '?',
  '?limit=2',
  '/',
];
const USERS = ['anna', 'bert', 'a;b', 'a+b', "o'neil", '.', '..', 'é', '~', 'a:b@c', 'A', 'nobody'];

/** What a caller sees, without what differs from one moment to the next. */
async function seen(answer: ReturnType<TestApi['get']>) {
  const { statusCode, headers, body } = await answer;
  const { date: _date, ...rest } = headers;
  return { statusCode, headers: rest, body };
}

describe('the route for plain requests', () => {
  const users = Object.fromEntries(USERS.slice(0, -1).map((user) => [user, list('a', 'b', 'c')]));
  const anyUser = fc.oneof(
    fc.constantFrom(...USERS, ...USERS.map(encodeURIComponent)),
    fc.array(fc.constantFrom(...SEGMENT), { maxLength: 4 }).map((parts) => parts.join('')),
    fc.constantFrom('x'.repeat(128), 'x'.repeat(129), 'x'.repeat(3000)),
  );

  it('gives what Fastify’s route of the same path gives, whatever the path', async () => {
    const test = await buildTestApi();
    await test.goLive({ ...VERSION_1, users }, 1);
    await fc.assert(
      fc.asyncProperty(anyUser, fc.constantFrom(undefined, '*', '"other"'), async (user, tag) => {
        const url = `/recommendations/${user}`;
        const headers = tag === undefined ? {} : { 'if-none-match': tag };
        const before = test.ended.length;
        const plain = await seen(test.get(url, headers));
        expect(plain).toEqual(await seen(test.api.inject({ method: 'GET', url, headers })));
        const [one, other] = test.ended.slice(before).map(({ seconds: _seconds, ...labels }) => labels);
        expect(one).toEqual(other);
      }),
      { numRuns: 500, examples: USERS.map((user): [string, undefined] => [user, undefined]) },
    );
  });

  it('is for no other method', async () => {
    const test = await buildLiveApi();
    for (const method of ['HEAD', 'DELETE', 'OPTIONS'] as const) {
      const [plain, fastify] = await Promise.all([
        test.send({ method, url: '/recommendations/anna' }),
        test.api.inject({ method, url: '/recommendations/anna' }),
      ]);
      expect([method, plain.statusCode, plain.body]).toEqual([method, fastify.statusCode, fastify.body]);
    }
  });

  it.each<[string, (test: TestApi) => unknown]>([
    ['no version is live yet', () => undefined],
    ['the server drains', (test) => goLive(test).then(() => test.lifecycle.advance('draining'))],
    ['there is no place for another request', (test) => goLive(test).then(() => takeAllPlaces(test))],
  ])('says the same as Fastify’s where %s', async (_why, prepare) => {
    const test = await buildTestApi({ maxRequestsInFlight: 3 });
    await prepare(test);
    const url = '/recommendations/anna';
    expect(await seen(test.get(url))).toEqual(await seen(test.api.inject({ url })));
  });

  it.each([
    ['answers', 'anna'],
    ['leaves it to Fastify’s to answer', 'anna?limit=2'],
  ])('%s 500 where the answer cannot be sent, and logs why', async (_who, path) => {
    const test = await buildLiveApi();
    const answer = { source: 'personalized', body: '{}', etag: '"line\nbreak"' } as const;
    test.serving.service.answer = (_live, _userId, _wish, done) => done(answer);
    const bytes = await exchange(
      await listen(test.api),
      `GET /recommendations/${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    const [head = '', body = ''] = bytes.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/);
    expect(head).toContain('content-type: application/problem+json; charset=utf-8');
    expect(head).toContain(`content-length: ${body.length}`);
    expect(JSON.parse(body)).toMatchObject({ title: 'Unexpected error', status: 500 });
    expect(test.logged()).toContain('Invalid character in header');
    expect(test.ended).toMatchObject([{ status: 500, source: 'personalized' }]);
  });

  it('gives up the connection, and nothing else, where something fails behind the answer', async () => {
    const test = await buildLiveApi();
    const url = `http://127.0.0.1:${await listen(test.api)}/recommendations/anna`;
    const { service } = test.serving;
    const answer = service.answer.bind(service);
    service.answer = (live, userId, wish, done) =>
      answer(live, userId, wish, (found) => {
        done(found);
        done(found);
      });
    await fetch(url).catch(() => undefined);
    service.answer = answer;
    expect((await fetch(url)).status).toBe(200);
    expect(test.logged()).toContain('ERR_HTTP_HEADERS_SENT');
    expect(test.requests.inFlight()).toBe(0);
  });
});

const goLive = (test: TestApi) => test.goLive(VERSION_1, 1);

function takeAllPlaces({ requests }: TestApi): void {
  while (requests.tryEnter());
}
