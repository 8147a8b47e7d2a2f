/**
 * A DynamoDB for load tests, in a process of its own: GetItem and BatchGetItem, as fast as Node's HTTP server, with
 * the latency, stragglers and capacity that `PUT /control` sets. `GET /counts` tells what was read.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SEAL_KEY } from '../../src/domain/seal.ts';
import { encodeSeal } from '../../src/store/seal-codec.ts';
import { userOf } from '../draw.ts';
import { sealOf } from '../versions.ts';
import { AT_ONCE, type Behaviour, type Counts } from './behaviour.ts';
import { createCapacity, createDelays } from './delays.ts';
import { itemOf } from './items.ts';

interface Key {
  readonly userId: { readonly S: string };
}
interface GetItem {
  readonly TableName: string;
  readonly Key: Key;
}
interface BatchGetItem {
  readonly RequestItems: Readonly<Record<string, { readonly Keys: readonly Key[] }>>;
}

const THROTTLED = JSON.stringify({
  __type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException',
  message: 'Throughput exceeds the current capacity of your table.',
  throttlingReasons: [{ reason: 'TableReadKeyRangeThroughputExceeded', resource: 'load' }],
});

const counts: { -readonly [K in keyof Counts]: Counts[K] } = { reads: 0, keys: 0, throttledKeys: 0 };
let behaviour: Behaviour;
let delayOf: (keys: number) => number;
let take: (keys: number) => number;

function behave(as: Behaviour): void {
  behaviour = as;
  delayOf = createDelays(as);
  take = createCapacity(as.capacity, () => performance.now());
}

function itemFor(table: string, userId: string): string | undefined {
  if (userId === SEAL_KEY) {
    const seal = sealOf(table);
    return seal && JSON.stringify({ userId: { S: SEAL_KEY }, seal: { S: encodeSeal(seal) } });
  }
  const user = userOf(userId);
  return user < behaviour.users ? itemOf(userId, user) : undefined;
}

function getItem({ TableName, Key: { userId } }: GetItem, response: ServerResponse): void {
  const isSeal = userId.S === SEAL_KEY;
  const allowed = isSeal ? 1 : count(1);
  if (allowed === 0) return send(response, 400, THROTTLED);
  const item = itemFor(TableName, userId.S);
  later(isSeal ? 0 : delayOf(1), () => send(response, 200, item === undefined ? '{}' : `{"Item":${item}}`));
}

function batchGetItem({ RequestItems }: BatchGetItem, response: ServerResponse): void {
  const [[table, { Keys }]] = Object.entries(RequestItems) as [[string, { Keys: readonly Key[] }]];
  const allowed = count(Keys.length);
  if (allowed === 0) return send(response, 400, THROTTLED);
  const items = Keys.slice(0, allowed).flatMap(({ userId }) => itemFor(table, userId.S) ?? []);
  const left = JSON.stringify(allowed === Keys.length ? {} : { [table]: { Keys: Keys.slice(allowed) } });
  const body = `{"Responses":{"${table}":[${items.join(',')}]},"UnprocessedKeys":${left}}`;
  later(delayOf(allowed), () => send(response, 200, body));
}

/** Takes keys from the capacity; returns how many may be read. */
function count(keys: number): number {
  const allowed = take(keys);
  counts.reads += 1;
  counts.keys += keys;
  counts.throttledKeys += keys - allowed;
  return allowed;
}

function later(ms: number, work: () => void): void {
  if (ms === 0) work();
  else setTimeout(work, ms);
}

function send(response: ServerResponse, status: number, body: string): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(body),
    'x-amzn-requestid': 'LOAD',
  });
  response.end(body);
}

function answer(request: IncomingMessage, body: string, response: ServerResponse): void {
  const target = request.headers['x-amz-target'];
  if (target === 'DynamoDB_20120810.GetItem') return getItem(JSON.parse(body) as GetItem, response);
  if (target === 'DynamoDB_20120810.BatchGetItem')
    return batchGetItem(JSON.parse(body) as BatchGetItem, response);
  if (request.url === '/control') behave(JSON.parse(body) as Behaviour);
  else if (request.url !== '/counts') return send(response, 404, '{}');
  send(response, 200, JSON.stringify(counts));
}

behave(AT_ONCE);
const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  // Listeners and no await: the stub shares its core with the load, and must not be what limits it.
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
  request.on('end', () => answer(request, body, response));
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ api: `http://127.0.0.1:${port}` })}\n`);
});
