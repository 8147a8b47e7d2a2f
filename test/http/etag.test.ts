import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/domain/errors.ts';
import { buildLiveApi, VERSION_1, type TestApi } from '../support/build-test-api.ts';
import { poll } from '../support/serving.ts';
import { point, pointerTo } from '../support/versions.ts';

const URL = '/recommendations/anna';

async function tagOf({ get }: TestApi, url = URL): Promise<string> {
  const { etag } = (await get(url)).headers;
  expect(etag).toMatch(/^"[\w-]+"$/);
  return String(etag);
}

describe('an ETag', () => {
  it('stays the same while the answer does, from the table and from the cache', async () => {
    const test = await buildLiveApi();
    const tag = await tagOf(test);
    expect(await tagOf(test)).toBe(tag);
    expect(await tagOf(test, `${URL}?limit=5&placement=home&fallback=none&exclude=`)).toBe(tag);
    expect((await test.get(URL)).headers['cache-control']).toBe('private, no-cache');
  });

  it('stays with an unknown user’s popular products as well', async () => {
    const test = await buildLiveApi();
    expect(await tagOf(test, '/recommendations/nobody')).toBe(await tagOf(test, '/recommendations/nobody'));
  });

  it('differs by user, limit, exclusions and placement', async () => {
    const test = await buildLiveApi();
    await test.goLive({ ...VERSION_1, placement: 'cart', number: 9 }, 1);
    const urls = [
      URL,
      '/recommendations/bert',
      `${URL}?limit=4`,
      `${URL}?exclude=a`,
      `${URL}?placement=cart`,
    ];
    const tags = await Promise.all(urls.map((url) => tagOf(test, url)));
    expect(new Set(tags).size).toBe(urls.length);
  });

  it('changes with the version, though its predictions are the same', async () => {
    const test = await buildLiveApi();
    const tag = await tagOf(test);
    await test.goLive({ ...VERSION_1, number: 2 }, 2);
    expect(await tagOf(test)).not.toBe(tag);
  });

  it('changes when a product of the answer is blocked, and comes back when it is unblocked', async () => {
    const test = await buildLiveApi();
    const tag = await tagOf(test);
    point(test.pointers, pointerTo(test.target, 2, { blocked: ['a'] }));
    await poll(test);
    expect(await tagOf(test)).not.toBe(tag);
    expect((await test.get(URL, { 'if-none-match': tag })).statusCode).toBe(200);
    point(test.pointers, pointerTo(test.target, 3));
    await poll(test);
    expect(await tagOf(test)).toBe(tag);
  });

  it('is missing from degraded answers, which nobody may store', async () => {
    const test = await buildLiveApi();
    await test.get(URL);
    test.clock.ms = 600_000;
    test.store.faults.beforeRead = () => {
      throw new StoreError('down');
    };
    for (const [url, source] of [
      [URL, 'stale'],
      ['/recommendations/bert', 'popular'],
    ] as const) {
      const response = await test.get(url, { 'if-none-match': '*' });
      expect(response.json()).toMatchObject({ source });
      expect(response.headers).not.toHaveProperty('etag');
      expect(response.headers['cache-control']).toBe('no-store');
    }
  });
});

describe('If-None-Match', () => {
  it('that names the answer gets 304 with the tag and no body', async () => {
    const test = await buildLiveApi();
    const tag = await tagOf(test);
    for (const header of [tag, `W/${tag}`, `"other", ${tag}`, `"other",W/${tag} , "third"`, '*', ' * ']) {
      const response = await test.get(URL, { 'if-none-match': header });
      expect(response.statusCode, header).toBe(304);
      expect(response.body).toBe('');
      expect(response.headers).toMatchObject({ etag: tag, 'cache-control': 'private, no-cache' });
      expect(response.headers).not.toHaveProperty('content-type');
    }
  });

  it('that names another gets the answer', async () => {
    const test = await buildLiveApi();
    const tag = await tagOf(test);
    for (const header of [
      '"other"',
      tag.slice(1, -1),
      tag.toUpperCase() === tag ? '""' : tag.toUpperCase(),
      '',
      ',',
    ]) {
      expect((await test.get(URL, { 'if-none-match': header })).statusCode, header).toBe(200);
    }
  });

  it('turns no error into a 304', async () => {
    const { get } = await buildLiveApi();
    for (const url of ['/recommendations/nobody?fallback=none', `${URL}?placement=nowhere`]) {
      expect((await get(url, { 'if-none-match': '*' })).statusCode).toBe(404);
    }
  });
});

describe('HEAD', () => {
  it('gets the headers of GET and no body', async () => {
    const test = await buildLiveApi();
    const get = await test.get(URL);
    const head = await test.api.inject({ method: 'HEAD', url: URL });
    expect(head.statusCode).toBe(200);
    expect(head.body).toBe('');
    for (const name of ['etag', 'cache-control', 'content-type', 'content-length']) {
      expect(head.headers[name], name).toBe(get.headers[name]);
    }
  });
});
