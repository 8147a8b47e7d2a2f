import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What the server does with one request in place of answering it. */
export type Fault =
  | { readonly status: number; readonly code: string }
  /** Does what it is asked, then breaks off. */
  | 'lose the reply'
  /** Breaks off and does nothing. */
  | 'lose the request'
  /** Answers the headers and a part of the body, then nothing. */
  | 'stall';

/** As much of S3 as pointers and the archive need, with the outcomes that a real server rarely gives. */
export interface FakeS3 {
  readonly endpoint: string;
  readonly objects: Map<string, Buffer>;
  /** Method and key of every request, oldest first. */
  readonly requests: string[];
  /** The faults of the next PUTs, one each. */
  readonly putFaults: Fault[];
  /** As `putFaults`, for GETs. */
  readonly getFaults: Fault[];
  /** Requests are taken and not answered while it is true. */
  hanging: boolean;
  /** Called before the condition of a PUT is looked at: another writer's moment. */
  beforePut: (key: string) => void;
  close(): Promise<void>;
}

/** Starts one on loopback. Keys are `<bucket>/<key>`, as in the path. */
export async function startFakeS3(): Promise<FakeS3> {
  const server = createServer((request, response) => {
    answer(fake, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeS3 = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects: new Map(),
    requests: [],
    putFaults: [],
    getFaults: [],
    hanging: false,
    beforePut: () => undefined,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

async function answer(fake: FakeS3, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', fake.endpoint);
  const key = decodeURIComponent(pathname.slice(1));
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  fake.requests.push(`${request.method} ${key}`);
  if (fake.hanging) return;

  const fault = (request.method === 'PUT' ? fake.putFaults : fake.getFaults).shift();
  if (fault === 'lose the request') return void response.destroy();
  if (typeof fault === 'object') return fail(response, fault.status, fault.code);
  if (request.method === 'PUT') {
    put(fake, key, Buffer.concat(chunks), request, fault === 'lose the reply' ? undefined : response);
    if (fault === 'lose the reply') response.destroy();
  } else if (searchParams.has('list-type')) {
    list(fake, key, searchParams, response);
  } else {
    await get(fake, key, request, response, fault === 'stall');
  }
}

function put(
  fake: FakeS3,
  key: string,
  body: Buffer,
  request: IncomingMessage,
  response?: ServerResponse,
): void {
  fake.beforePut(key);
  const found = fake.objects.get(key);
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers;
  if (ifMatch !== undefined && found === undefined) return response && fail(response, 404, 'NoSuchKey');
  if ((ifMatch !== undefined && ifMatch !== etagOf(found)) || (ifNoneMatch === '*' && found !== undefined)) {
    return response && fail(response, 412, 'PreconditionFailed');
  }
  fake.objects.set(key, body);
  response?.writeHead(200, { etag: etagOf(body) }).end();
}

async function get(
  fake: FakeS3,
  key: string,
  request: IncomingMessage,
  response: ServerResponse,
  stalls: boolean,
): Promise<void> {
  const found = fake.objects.get(key);
  if (found === undefined) return fail(response, 404, 'NoSuchKey');
  if (request.method === 'HEAD') return void response.writeHead(200, { etag: etagOf(found) }).end();
  if (request.headers['if-none-match'] === etagOf(found)) return void response.writeHead(304).end();
  response.writeHead(200, { etag: etagOf(found), 'content-length': found.length });
  if (stalls) return void response.write(found.subarray(0, 10));
  // In pieces, so that a reader that stops early is seen to have done so.
  for (let from = 0; from < found.length && !response.destroyed; from += 65_536) {
    response.write(found.subarray(from, from + 65_536));
    await delay(1);
  }
  response.end();
}

/** Two names a page, so that paging is gone through. */
function list(fake: FakeS3, bucket: string, query: URLSearchParams, response: ServerResponse): void {
  const start = `${bucket.replace(/\/$/, '')}/${query.get('prefix') ?? ''}`;
  const keys = [...fake.objects.keys()].filter((key) => key.startsWith(start)).sort();
  if (!query.has('delimiter')) {
    const from = Number(query.get('continuation-token') ?? 0);
    const found = keys
      .slice(from, from + 2)
      .map((key) => key.slice(start.length - (query.get('prefix') ?? '').length));
    const contents = found.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('');
    return void response.end(
      `<?xml version="1.0"?><ListBucketResult>${contents}${more(from + 2, keys)}</ListBucketResult>`,
    );
  }
  const folders = [...new Set(keys.map((key) => key.slice(start.length).split('/')[0]))];
  const from = Number(query.get('continuation-token') ?? 0);
  const prefixes = folders.slice(from, from + 2).map((folder) => {
    return `<CommonPrefixes><Prefix>${query.get('prefix')}${folder}/</Prefix></CommonPrefixes>`;
  });
  response.end(
    `<?xml version="1.0"?><ListBucketResult>${prefixes.join('')}${more(from + 2, folders)}</ListBucketResult>`,
  );
}

function more(next: number, { length }: readonly unknown[]): string {
  const token = next < length ? `<NextContinuationToken>${next}</NextContinuationToken>` : '';
  return `<IsTruncated>${next < length}</IsTruncated>${token}`;
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>said the test</Message></Error>`);
}

function etagOf(body: Buffer | undefined): string {
  return body === undefined ? '' : `"${createHash('md5').update(body).digest('hex')}"`;
}
