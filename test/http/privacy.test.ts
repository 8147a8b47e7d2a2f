import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { StoreError } from '../../src/domain/errors.ts';
import { buildLiveApi, buildTestApi, type TestApi } from '../support/build-test-api.ts';

const CANARY = 'canary-7f3a';
// As bytes would be logged: Node's Buffer in JSON.
const CANARY_BYTES = [...Buffer.from(CANARY)].join(',');

async function sendRaw({ api }: TestApi, bytes: string): Promise<string> {
  if (!api.server.listening) await api.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((api.server.address() as AddressInfo).port, '127.0.0.1');
  socket.end(bytes);
  return text(socket);
}

async function expectNoTrace(test: TestApi): Promise<void> {
  const { body: metrics } = await test.ops.inject('/metrics');
  const { body: status } = await test.ops.inject('/status');
  for (const told of [test.logged(), metrics, status, JSON.stringify(test.ended)]) {
    expect(told).not.toContain(CANARY);
    expect(told).not.toContain(CANARY_BYTES);
  }
}

it('a user id is in no log line, metric or status: found, unknown, refused, failing or lost', async () => {
  const test = await buildLiveApi({ maxRequestsInFlight: 50 });
  await test.goLive({ number: 2, users: { [CANARY]: [['a', 1]], odd: [['a', NaN]] } }, 2);
  for (const path of [
    CANARY,
    `${CANARY}-unknown`,
    `${CANARY}?fallback=none`,
    `${CANARY}?exclude=${CANARY}`,
  ]) {
    expect((await test.get(`/recommendations/${path}`)).statusCode).toBeLessThan(500);
  }
  const refused = [
    `/recommendations/${CANARY}?limit=0`,
    `/recommendations/${CANARY}?${CANARY}=1`,
    `/recommendations/${CANARY}?placement=nowhere`,
    `/recommendations/${CANARY}%00`,
    `/recommendations/${CANARY}%ZZ`,
    `/recommendations/${CANARY}${'u'.repeat(3000)}`,
    `/recommendations/${CANARY}/${CANARY}`,
    `/${CANARY}`,
  ];
  for (const url of refused) expect((await test.get(url)).statusCode).toBeGreaterThanOrEqual(400);
  await test.post({ userIds: [CANARY, `${CANARY}-2`] });
  await test.post({ userIds: [CANARY, 7] });
  await test.post(`{"userIds":["${CANARY}"`);
  await test.post(CANARY, { 'content-type': CANARY });
  await test.post({ userIds: [CANARY], exclude: ['x'.repeat(200 * 1024)] });
  await test.ops.inject(`/recommendations/${CANARY}`);

  test.store.faults.beforeRead = () => {
    throw new StoreError(`cannot read ${CANARY}`);
  };
  for (let index = 0; index < 25; index += 1) await test.get(`/recommendations/${CANARY}-${index}`);
  await expectNoTrace(test);
});

it('a user id is in no log line where nothing is live', async () => {
  const test = await buildTestApi();
  expect((await test.get(`/recommendations/${CANARY}`)).statusCode).toBe(503);
  await expectNoTrace(test);
});

it('bytes that are no HTTP request get a problem document, and are not logged', async () => {
  const test = await buildLiveApi();
  const requests: [bytes: string, status: string][] = [
    [`GET /recommendations/${CANARY} HTTP/1.1\r\nHost: x\r\nBad Header ${CANARY}\r\n\r\n`, '400 Bad Request'],
    [`${CANARY}\r\n\r\n`, '400 Bad Request'],
    [
      `GET /${CANARY} HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
      '431 Request Header Fields Too Large',
    ],
    [
      `GET /recommendations/${'u'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      '431 Request Header Fields Too Large',
    ],
  ];
  for (const [bytes, status] of requests) {
    const response = await sendRaw(test, bytes);
    expect(response).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n`));
    expect(response).toContain('Content-Type: application/problem+json\r\n');
    const [, body = ''] = response.split('\r\n\r\n');
    expect(JSON.parse(body)).toMatchObject({ type: 'about:blank', status: Number(status.slice(0, 3)) });
  }
  await expectNoTrace(test);
});

it('a request whose sender is too slow is ended with 408 after its five seconds', async () => {
  const test = await buildLiveApi();
  await test.api.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((test.api.server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(`GET /recommendations/${CANARY} HTTP/1.1\r\n`);
  expect(await text(socket)).toMatch(/^HTTP\/1.1 408 /);
  await expectNoTrace(test);
}, 20_000);
