import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A proxy for HTTP that hands on, well-formed and under the right ETag, half of what it was sent. */
export interface TruncatingProxy {
  /** URL. */
  readonly endpoint: string;
  /** Whether answers to GETs lose their second half. */
  isTruncating: boolean;
  close(): Promise<void>;
}

export async function startTruncatingProxy(target: string): Promise<TruncatingProxy> {
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const onward = request({ hostname, port, method, path: url, headers }, (answer) => {
      void buffer(answer).then((body) => {
        const isCut = proxy.isTruncating && method === 'GET' && answer.statusCode === 200;
        const part = isCut ? body.subarray(0, body.length / 2) : body;
        outgoing.writeHead(answer.statusCode ?? 502, {
          ...answer.headers,
          ...(body.length > 0 && { 'content-length': part.length }),
        });
        outgoing.end(part);
      });
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: TruncatingProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    isTruncating: false,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
