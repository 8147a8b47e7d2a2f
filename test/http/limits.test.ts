import { describe, expect, it } from 'vitest';
import { buildLiveApi } from '../support/build-test-api.ts';
import { exchange, listen } from '../support/raw-client.ts';

const KIB = 1024;
const statusIn = (response: string) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(response)?.[1]);

function expectProblem(response: string): void {
  const [head = '', body = ''] = response.split('\r\n\r\n');
  expect(head.toLowerCase()).toContain('content-type: application/problem+json');
  expect(JSON.parse(body)).toMatchObject({ type: 'about:blank', status: statusIn(response) });
}

/** A GET whose request line and headers, as Node counts them, have so many bytes over a small one. */
const withHeader = (bytes: number) =>
  `GET /recommendations/anna HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Pad: ${'x'.repeat(bytes)}\r\n\r\n`;
const withQuery = (bytes: number) =>
  `GET /recommendations/anna?exclude=${'x,'.repeat(bytes / 2)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
const withPath = (bytes: number) =>
  `GET /recommendations/${'u'.repeat(bytes)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
const withBody = (bytes: number, announced = bytes) => {
  const body = '{"userIds":["anna"]}'.padEnd(bytes);
  return (
    'POST /recommendations HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n' +
    `Content-Length: ${announced}\r\n\r\n${body}`
  );
};
const withChunks = (bytes: number) => {
  const body = '{"userIds":["anna"]}'.padEnd(bytes);
  return (
    'POST /recommendations HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n' +
    `Transfer-Encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${body}\r\n0\r\n\r\n`
  );
};

describe('a limit of the API lets pass what is within it, and refuses what is over it with its status', () => {
  it.each<[what: string, within: string, status: number, over: string]>([
    ['16 KiB of headers', withHeader(16 * KIB - 200), 431, withHeader(16 * KIB)],
    ['100 products in a query', withQuery(200), 400, withQuery(202)],
    ['16 KiB of request line', withQuery(200), 431, withQuery(17 * KIB)],
    ['128 bytes of user id', withPath(128), 400, withPath(129)],
    ['192 KiB of body', withBody(192 * KIB), 413, withBody(192 * KIB + 1)],
    ['192 KiB of chunks', withChunks(192 * KIB), 413, withChunks(192 * KIB + 1)],
    ['192 KiB that are only announced', withBody(20), 413, withBody(20, 192 * KIB + 1)],
  ])('%s', async (_, within, status, over) => {
    const { api } = await buildLiveApi();
    const port = await listen(api);
    expect(statusIn(await exchange(port, within))).toBe(200);
    const refused = await exchange(port, over);
    expect(statusIn(refused)).toBe(status);
    expectProblem(refused);
  });

  it('2048 characters of a part of the path, which no user id is, before 414', async () => {
    const { api } = await buildLiveApi();
    const port = await listen(api);
    expect(statusIn(await exchange(port, withPath(2048)))).toBe(400);
    const refused = await exchange(port, withPath(2049));
    expect(statusIn(refused)).toBe(414);
    expectProblem(refused);
  });
});

describe('what is hardly HTTP', () => {
  const line = 'GET /recommendations/anna HTTP/1.1\r\n';
  const post = 'POST /recommendations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
  it.each<[string, string]>([
    ['two lengths of one body', `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a length below nothing', `${post}Content-Length: -1\r\n\r\n`],
    ['a chunk without a size', `${post}Transfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n`],
    [
      'a chunk with a long extension',
      `${post}Transfer-Encoding: chunked\r\n\r\n2;${'a'.repeat(40_000)}\r\n{}\r\n0\r\n\r\n`,
    ],
    ['a method that does not exist', 'FOO / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['lines that end in LF alone', 'GET / HTTP/1.1\nHost: x\n\n'],
    ['bytes over ASCII in the path', 'GET /recommendations/\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a path that does not begin with /', 'GET x HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('is refused with 400 and a problem document: %s', async (_, bytes) => {
    const { api, ops } = await buildLiveApi();
    for (const app of [api, ops]) {
      const response = await exchange(await listen(app), bytes);
      expect(statusIn(response)).toBe(400);
      expectProblem(response);
    }
  });

  it('has an Expect header that is none of ours, which is passed over', async () => {
    const { api } = await buildLiveApi();
    const response = await exchange(
      await listen(api),
      `${line}Host: x\r\nConnection: close\r\nExpect: x\r\n\r\n`,
    );
    expect(statusIn(response)).toBe(200);
  });

  it('has no Host, which Node itself refuses with 400', async () => {
    const { api } = await buildLiveApi();
    expect(statusIn(await exchange(await listen(api), `${line}\r\n`))).toBe(400);
  });

  it('asks the ops listener with an encoding that is none, and gets a problem document without what was sent', async () => {
    const { ops } = await buildLiveApi();
    const response = await exchange(
      await listen(ops),
      'GET /canary%ZZ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(statusIn(response)).toBe(400);
    expectProblem(response);
    expect(response).not.toContain('canary');
  });
});
