import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { faultyPointer } from './faulty-pointer.ts';
import { endpointOf, listenOnLoopback } from './loopback.ts';
import type { PointerFault, PointerStandIn, ReadPointer } from './pointer-stand-in.ts';

const BUCKET = 'drill';

/** S3 as a server of the drill sees it: one pointer, read anew from the real store at each request, with faults. */
export async function startPointerProxy(placement: string, read: ReadPointer): Promise<PointerStandIn> {
  let fault: PointerFault | undefined;

  const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
    response.on('error', () => undefined);
    if (fault === 'away') return void request.socket.destroy();
    void answer(request, response).catch(() => response.destroy());
  });

  async function answer({ method, url, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(url ?? '/', 'http://127.0.0.1');
    if (method !== 'GET' || pathname !== `/${BUCKET}/${placement}/pointer.json`) {
      return refuse(response, `${method} ${pathname} is no reading of the pointer`);
    }
    const real = await read();
    const content = fault === undefined || fault === 'away' ? real : faultyPointer(real, placement, fault);
    const etag = `"${createHash('sha256').update(content).digest('hex')}"`;
    const isUnchanged = headers['if-none-match'] === etag;
    response.writeHead(isUnchanged ? 304 : 200, { etag, 'content-type': 'application/json' });
    response.end(isUnchanged ? undefined : content);
  }

  await listenOnLoopback(server);
  return {
    environment: {
      TOPSHELF_POINTER: `s3://${BUCKET}`,
      TOPSHELF_S3_PATH_STYLE: 'true',
      AWS_ENDPOINT_URL_S3: endpointOf(server),
    },
    async befall(next) {
      fault = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function refuse(response: ServerResponse, message: string): void {
  response.writeHead(403, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`);
}
