import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { DynamoDbConnection } from '../../src/config/config.ts';

/** What the stub does with one request, other than answering it. */
export type StubFault =
  /** An exception of DynamoDB; `fields` go into its body, beside the message. */
  | {
      readonly kind: 'exception';
      readonly name: string;
      readonly status?: number;
      readonly fields?: object;
      /** The server's time, where it is not ours. */
      readonly date?: Date;
    }
  /** Some keys are not read: all of them, or those of the users that `only` accepts. */
  | { readonly kind: 'unprocessed'; readonly only?: (userId: string) => boolean }
  /** This body, with 200 unless told otherwise. */
  | { readonly kind: 'body'; readonly text: string; readonly status?: number }
  /** So many bytes of a JSON document that does not end, as fast as they are taken. */
  | { readonly kind: 'huge'; readonly bytes: number }
  /** Announces the whole answer, sends the first half of it and ends the connection. */
  | { readonly kind: 'truncated' }
  | { readonly kind: 'slow-headers'; readonly ms: number }
  /** Sends the headers at once and then a byte of the answer every `ms`. */
  | { readonly kind: 'drip'; readonly ms: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' };

export interface StubRequest {
  /** `GetItem`, `BatchGetItem` or `BatchWriteItem`. */
  readonly operation: string;
  readonly table: string;
  readonly userIds: readonly string[];
  readonly isConsistent: boolean;
  /** When it was signed. */
  readonly amzDate: string;
}

type Value = Readonly<Record<string, unknown>>;
type StubItem = Readonly<Record<string, Value>>;

/** A DynamoDB that answers from a map, and fails as it is told: DynamoDB's JSON protocol on a real socket. */
export interface StubDynamoDb {
  readonly connection: DynamoDbConnection & { readonly endpoint: string };
  /** Every request that came in, in order. */
  readonly requests: StubRequest[];
  /** What to do with each request; undefined answers it. Asked once a request, may be replaced at any time. */
  fault: (request: StubRequest) => StubFault | undefined;
  /** The next request fails; those after it are answered. */
  failOnce(fault: StubFault): void;
  /** Makes a table, or adds items to one. Attributes are in DynamoDB's form. */
  put(table: string, ...items: readonly StubItem[]): void;
  item(table: string, userId: string): StubItem | undefined;
  openSockets(): number;
  /** Sockets that were opened since the start. */
  socketsOpened(): number;
  close(): Promise<void>;
}

interface KeysAndAttributes {
  readonly Keys: readonly { readonly userId: { readonly S: string } }[];
  readonly ConsistentRead?: boolean;
}
type Writes = readonly { readonly PutRequest: { readonly Item: StubItem } }[];
interface Input {
  readonly TableName?: string;
  readonly Key?: { readonly userId: { readonly S: string } };
  readonly ConsistentRead?: boolean;
  readonly RequestItems?: Readonly<Record<string, KeysAndAttributes | Writes>>;
}

/** An item as the loader writes it. */
export function predictionItem(userId: string, items: string): StubItem {
  return { userId: { S: userId }, items: { S: items } };
}

/** A fault for throttling as DynamoDB reports it today, with the limit that was hit. */
export function throttled(reason = 'TableReadKeyRangeThroughputExceeded', table = 't'): StubFault {
  const resource = `arn:aws:dynamodb:eu-west-1:123456789012:table/${table}`;
  return {
    kind: 'exception',
    name: 'ThrottlingException',
    fields: { throttlingReasons: [{ reason, resource }] },
  };
}

/** Starts the stub on a free port of loopback. */
export async function startStubDynamoDb(): Promise<StubDynamoDb> {
  const tables = new Map<string, Map<string, StubItem>>();
  const requests: StubRequest[] = [];
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  let opened = 0;

  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
    response.on('error', () => undefined);
    void answer(incoming, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    opened += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = String(incoming.headers['x-amz-target']).split('.')[1] ?? '';
    const input = JSON.parse(await text(incoming)) as Input;
    const amzDate = String(incoming.headers['x-amz-date']);
    const request = { ...describe(operation, input), amzDate };
    requests.push(request);
    const fault = stub.fault(request);
    response.setHeader('x-amzn-requestid', `STUB-${requests.length}`);
    if (fault?.kind === 'exception') {
      if (fault.date !== undefined) response.setHeader('date', fault.date.toUTCString());
      return sendException(response, fault.name, fault.status, fault.fields);
    }
    if (fault?.kind === 'body') return send(response, fault.status ?? 200, fault.text);
    if (fault?.kind === 'huge') return void pipeHuge(response, fault.bytes);
    if (fault?.kind === 'reset') return void incoming.socket.resetAndDestroy();
    if (fault?.kind === 'hang') return;
    if (!tables.has(request.table)) return sendException(response, 'ResourceNotFoundException');
    const isLeft = fault?.kind === 'unprocessed' ? (fault.only ?? (() => true)) : () => false;
    const body = JSON.stringify(run(operation, input, request, isLeft));
    if (fault?.kind === 'truncated') return truncate(response, body);
    if (fault?.kind === 'drip') return drip(response, body, fault.ms);
    if (fault?.kind === 'slow-headers') return slow(response, body, fault.ms);
    send(response, 200, body);
  }

  function run(
    operation: string,
    input: Input,
    { table, userIds, isConsistent }: StubRequest,
    isLeft: (userId: string) => boolean,
  ): object {
    const items = tables.get(table) ?? new Map<string, StubItem>();
    const found = userIds.filter((userId) => !isLeft(userId)).flatMap((userId) => items.get(userId) ?? []);
    const left = userIds.filter(isLeft);
    switch (operation) {
      case 'GetItem':
        return found[0] === undefined ? {} : { Item: found[0] };
      case 'BatchGetItem': {
        const keys = {
          Keys: left.map((userId) => ({ userId: { S: userId } })),
          ConsistentRead: isConsistent,
        };
        return { Responses: { [table]: found }, UnprocessedKeys: left.length === 0 ? {} : { [table]: keys } };
      }
      default: {
        const writes = input.RequestItems?.[table] as Writes;
        const isLate = ({ PutRequest }: Writes[number]) => isLeft(userIdOf(PutRequest.Item));
        for (const write of writes) if (!isLate(write)) stub.put(table, write.PutRequest.Item);
        return { UnprocessedItems: left.length === 0 ? {} : { [table]: writes.filter(isLate) } };
      }
    }
  }

  function slow(response: ServerResponse, body: string, ms: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      send(response, 200, body);
    }, ms);
    timers.add(timer);
  }

  /** Keeps sending while the connection stands. */
  function drip(response: ServerResponse, body: string, ms: number): void {
    writeHead(response, 200, body);
    response.flushHeaders();
    let sent = 0;
    const timer = setInterval(() => {
      if (response.destroyed || sent >= body.length) {
        timers.delete(timer);
        return clearInterval(timer);
      }
      response.write(body.charAt(sent));
      sent += 1;
      if (sent === body.length) response.end();
    }, ms);
    timers.add(timer);
  }

  const stub: StubDynamoDb = {
    connection: {
      endpoint: `http://127.0.0.1:${port}`,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
    requests,
    fault: () => undefined,
    failOnce(fault) {
      stub.fault = () => {
        stub.fault = () => undefined;
        return fault;
      };
    },
    put(table, ...items) {
      const target = tables.get(table) ?? new Map<string, StubItem>();
      tables.set(table, target);
      for (const item of items) target.set(userIdOf(item), item);
    },
    item: (table, userId) => tables.get(table)?.get(userId),
    openSockets: () => sockets.size,
    socketsOpened: () => opened,
    async close() {
      for (const timer of timers) clearTimeout(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return stub;
}

function describe(operation: string, input: Input): Omit<StubRequest, 'amzDate'> {
  if (input.RequestItems === undefined) {
    const userId = input.Key?.userId.S ?? '';
    const isConsistent = input.ConsistentRead === true;
    return { operation, table: input.TableName ?? '', userIds: [userId], isConsistent };
  }
  const [[table, asked]] = Object.entries(input.RequestItems) as [[string, KeysAndAttributes | Writes]];
  return 'Keys' in asked
    ? {
        operation,
        table,
        userIds: asked.Keys.map(({ userId }) => userId.S),
        isConsistent: asked.ConsistentRead === true,
      }
    : {
        operation,
        table,
        userIds: asked.map(({ PutRequest }) => userIdOf(PutRequest.Item)),
        isConsistent: false,
      };
}

function userIdOf(item: StubItem): string {
  return String(item.userId?.S);
}

function sendException(response: ServerResponse, name: string, status = 400, fields: object = {}): void {
  const type = `com.amazonaws.dynamodb.v20120810#${name}`;
  send(response, status, JSON.stringify({ __type: type, message: `the stub says ${name}`, ...fields }));
}

function pipeHuge(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
  const chunk = Buffer.alloc(64 * 1024, ' ');
  const chunks = Array.from({ length: Math.ceil(bytes / chunk.length) }, () => chunk);
  pipeline(Readable.from(chunks, { highWaterMark: 1 }), response, () => undefined);
}

function truncate(response: ServerResponse, body: string): void {
  writeHead(response, 200, body);
  response.write(body.slice(0, body.length / 2), () => response.destroy());
}

function send(response: ServerResponse, status: number, body: string): void {
  if (response.destroyed) return;
  writeHead(response, status, body);
  response.end(body);
}

function writeHead(response: ServerResponse, status: number, body: string): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'content-length': length });
}
