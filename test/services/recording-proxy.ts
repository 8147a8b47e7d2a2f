import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** One call of AWS as IAM sees it. */
export interface Call {
  /** Such as `dynamodb:GetItem`. */
  readonly action: string;
  /** What follows `arn:aws:<service>:…:`: `table/<name>`, `<bucket>/<key>`, `<bucket>`, or `*`. */
  readonly resource: string;
}

export interface RecordingProxy {
  readonly url: string;
  /** The calls since they were taken last. */
  take(): Call[];
  close(): Promise<void>;
}

type Tell = (request: {
  readonly method: string;
  readonly url: URL;
  readonly target: string;
  readonly body: Buffer;
}) => Call[];

/** Passes everything on to `endpoint` as it is, signatures too, and notes which permissions it takes. */
export async function startRecordingProxy(endpoint: string, tell: Tell): Promise<RecordingProxy> {
  const { hostname, port } = new URL(endpoint);
  let calls: Call[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      const { method = '', url = '/', headers, rawHeaders } = request;
      const target = String(headers['x-amz-target'] ?? '').split('.')[1] ?? '';
      calls.push(...tell({ method, url: new URL(url, endpoint), target, body }));
      const onward = send({ hostname, port, method, path: url, headers: rawHeaders }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      onward.end(body);
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const taken = calls;
      calls = [];
      return taken;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The permissions that one call of DynamoDB takes. */
export const tellDynamoDb: Tell = ({ target, body }) => {
  const input = JSON.parse(body.toString() || '{}') as Record<string, unknown>;
  const tables =
    typeof input.TableName === 'string'
      ? [input.TableName]
      : typeof input.ResourceArn === 'string'
        ? [input.ResourceArn.split(':table/')[1] ?? '']
        : Object.keys((input.RequestItems as object | undefined) ?? {});
  const resources = tables.length === 0 ? ['*'] : tables.map((table) => `table/${table}`);
  // Tags of a new table take the permission to tag it.
  const actions = target === 'CreateTable' && input.Tags !== undefined ? [target, 'TagResource'] : [target];
  return actions.flatMap((action) =>
    resources.map((resource) => ({ action: `dynamodb:${action}`, resource })),
  );
};

/** The permission that one call of S3 (path style) takes. */
export const tellS3: Tell = ({ method, url }) => {
  const [bucket = '', ...key] = decodeURIComponent(url.pathname).slice(1).split('/');
  if (key.join('') === '') return [{ action: 's3:ListBucket', resource: bucket }];
  const action = { GET: 's3:GetObject', HEAD: 's3:GetObject', PUT: 's3:PutObject' }[method] ?? `s3:${method}`;
  return [{ action, resource: `${bucket}/${key.join('/')}` }];
};
