import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { recordFigure } from '../support/figures.ts';
import { buildLiveApi, type TestApi } from '../support/build-test-api.ts';
import { listen, openRaw, type RawConnection } from '../support/raw-client.ts';

const GUARANTEE = 33;
const GET = 'GET /recommendations/anna HTTP/1.1\r\nHost: shop\r\n';
const POST = 'POST /recommendations HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n';
const PROBLEM_408 = /^HTTP\/1\.1 408 Request Timeout\r\n[^]*application\/problem\+json[^]*"status":408/;
const EACH = 200;
const SILENT = 300;
// Each keeps some seventy requests under way: as many as come in one read of its socket.
const DEAF = 5;
/** Within the five seconds of a request, a second of Node's checks, and what a busy machine adds. */
const PATIENCE_MS = 30_000;

async function openMany(port: number, count: number, first: string): Promise<RawConnection[]> {
  const opened = await Promise.all(Array.from({ length: count }, () => openRaw(port)));
  for (const { socket } of opened) socket.write(first);
  return opened;
}

/** One more byte on each connection every `ms`, until all are ended by the server. */
async function drip(connections: readonly RawConnection[], byte: string, ms: number): Promise<string[]> {
  const timer = setInterval(() => {
    for (const { socket } of connections) if (socket.writable) socket.write(byte);
  }, ms);
  const all = await Promise.all(connections.map(({ ended }) => ended));
  clearInterval(timer);
  return all;
}

/** Asks as callers do, over new connections too, until `attack` is over; resolves with the statuses. */
async function askDuring(port: number, attack: Promise<unknown>): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  let isOver = false;
  void attack.finally(() => (isOver = true));
  do {
    const response = await fetch(`http://127.0.0.1:${port}/recommendations/anna`);
    await response.text();
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    await delay(20);
  } while (!isOver);
  return statuses;
}

const DRIPS: readonly (readonly [what: string, start: string, byte: string])[] = [
  ['headers', GET, 'X'],
  ['a body', `${POST}Content-Length: 1000\r\n\r\n{"userIds":["`, 'a'],
  ['a chunked body', `${POST}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`, '1\r\n \r\n'],
  ['a request line', 'GET /', 'x'],
];

/** Some that ask for 1,000 large answers each and read none; resolves when the server holds no more of them. */
async function neverRead({ api }: TestApi, port: number, others: number): Promise<void> {
  const userIds = JSON.stringify({ userIds: Array.from({ length: 100 }, (_, index) => `u${index}`) });
  const asking = `${POST}Content-Length: ${userIds.length}\r\n\r\n${userIds}`;
  const deaf = await Promise.all(Array.from({ length: DEAF }, () => openRaw(port)));
  for (const { socket } of deaf) {
    socket.pause();
    for (let index = 0; index < 1000; index++) socket.write(asking);
  }
  // They do not notice that they were cut off, because they read nothing: the server's side is what counts.
  const connections = () => new Promise<number>((resolve) => api.server.getConnections((_, n) => resolve(n)));
  await expect.poll(connections).toBeGreaterThanOrEqual(DEAF);
  await expect.poll(connections, { timeout: PATIENCE_MS, interval: 250 }).toBeLessThanOrEqual(others);
  for (const { socket } of deaf) socket.destroy();
}

it(
  'slow clients of every kind at once are cut off by the API, and callers get their answers meanwhile',
  async ({ task }) => {
    const test = await buildLiveApi();
    const port = await listen(test.api);
    const dripping = DRIPS.map(async ([what, start, byte]) => {
      const ended = await drip(await openMany(port, EACH, start), byte, 500);
      expect(
        ended.filter((text) => !PROBLEM_408.test(text)),
        `connections that drip ${what}`,
      ).toEqual([]);
    });
    const silent = openMany(port, SILENT, '').then((all) => Promise.all(all.map(({ ended }) => ended)));
    // What callers of their own keep open: fetch, in this process.
    const attack = Promise.all([...dripping, silent, neverRead(test, port, 8)]);
    const statuses = await askDuring(port, attack);
    await attack;
    expect([...statuses.keys()]).toEqual([200]);
    // The deaf asked for 5,000 answers of 12 KB each; only what fits into buffers was made of them.
    expect(test.ended.filter(({ route }) => route === '/recommendations').length).toBeLessThan(2_500);
    recordFigure(GUARANTEE, {
      test: task.name,
      tried: DRIPS.length * EACH + SILENT + DEAF,
      result: `all cut off; ${statuses.get(200)} requests beside them, all answered`,
    });
  },
  3 * PATIENCE_MS,
);

it('a connection that sends request after request and reads no answer keeps sixteen places at most', async () => {
  const test = await buildLiveApi();
  const port = await listen(test.api);
  let most = 0;
  test.store.faults.beforeRead = async () => {
    most = Math.max(most, test.requests.inFlight());
    await delay(20);
  };
  const { socket } = await openRaw(port);
  let answers = '';
  socket.on('data', (data) => (answers += String(data)));
  for (let index = 0; index < 200; index++)
    socket.write(`GET /recommendations/u${index} HTTP/1.1\r\nHost: shop\r\n\r\n`);
  await expect.poll(() => answers.match(/HTTP\/1\.1 /g)?.length, { timeout: 10_000 }).toBe(200);
  expect(most).toBe(16);
  const statuses = answers.match(/HTTP\/1\.1 \d+/g) ?? [];
  expect(new Set(statuses)).toEqual(new Set(['HTTP/1.1 200', 'HTTP/1.1 503']));
  // It is no state that lasts: the same connection is answered as any other once its answers have left.
  answers = '';
  socket.write('GET /recommendations/anna HTTP/1.1\r\nHost: shop\r\n\r\n');
  await expect.poll(() => answers, { timeout: 10_000 }).toContain('HTTP/1.1 200');
  expect(test.requests.inFlight()).toBe(0);
  socket.destroy();
});

it(
  'slow clients are cut off by the ops listener, too, and probes get their answers meanwhile',
  async () => {
    const { ops } = await buildLiveApi();
    const port = await listen(ops);
    const probe = async () => (await fetch(`http://127.0.0.1:${port}/livez`)).status;
    const slow = await openMany(port, EACH, 'GET /livez HTTP/1.1\r\nHost: ops\r\n');
    const silent = await openMany(port, EACH, '');
    // Answered with 404 before it is there, and still not for ever.
    const bodies = await openMany(
      port,
      EACH,
      'POST /livez HTTP/1.1\r\nHost: ops\r\nContent-Length: 1000\r\n\r\n',
    );
    const attack = Promise.all([
      drip(slow, 'X', 500),
      drip(bodies, 'X', 500),
      ...silent.map(({ ended }) => ended),
    ]);
    expect(await probe()).toBe(200);
    const [dripped] = await attack;
    expect(dripped.filter((text) => !PROBLEM_408.test(text))).toEqual([]);
    expect(await probe()).toBe(200);
  },
  3 * PATIENCE_MS,
);
