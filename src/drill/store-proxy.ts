import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { pause } from '../resilience/deadline.ts';
import { endpointOf, listenOnLoopback } from './loopback.ts';

/** What the proxy does with every request, in place of passing it on at once. */
export type StoreFault =
  | { readonly kind: 'slow'; readonly ms: number }
  /** An exception of DynamoDB; `fields` go into its body, beside the message. */
  | {
      readonly kind: 'exception';
      readonly type: string;
      readonly status: number;
      readonly fields?: object;
    };

/** Passes a read on to the real store; rejects where that gives no answer. */
export type AskStore = (
  operation: 'GetItem' | 'BatchGetItem',
  body: string,
  signal: AbortSignal,
) => Promise<{ readonly status: number; readonly body: string }>;

/** DynamoDB as a server of the drill sees it: the real tables, with faults. It passes reads on and nothing else. */
export interface StoreProxy {
  readonly endpoint: string;
  fault: StoreFault | undefined;
  /** Requests that met a fault, since the start. */
  faultsMet(): number;
  close(): Promise<void>;
}

const READS = ['GetItem', 'BatchGetItem'] as const;

/** Starts the proxy on a free port of loopback. */
export async function startStoreProxy(ask: AskStore): Promise<StoreProxy> {
  const closing = new AbortController();
  let faultsMet = 0;

  const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
    response.on('error', () => undefined);
    // A store that gives no answer gives none here either.
    void answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = String(request.headers['x-amz-target']).split('.')[1];
    const body = await text(request);
    const operation = READS.find((read) => read === target);
    if (operation === undefined) {
      const refused = { __type: 'AccessDeniedException', message: `a drill only reads; ${target} was asked` };
      return send(response, 400, JSON.stringify(refused));
    }
    const { fault } = proxy;
    if (fault !== undefined) faultsMet += 1;
    if (fault?.kind === 'exception') {
      const { type, status, fields } = fault;
      const message = `the drill says ${type}`;
      return send(response, status, JSON.stringify({ __type: type, message, ...fields }));
    }
    if (fault?.kind === 'slow') await pause(fault.ms, closing.signal);
    const answered = await ask(operation, body, closing.signal);
    send(response, answered.status, answered.body);
  }

  await listenOnLoopback(server);
  const proxy: StoreProxy = {
    endpoint: endpointOf(server),
    fault: undefined,
    faultsMet: () => faultsMet,
    async close() {
      closing.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

function send(response: ServerResponse, status: number, body: string): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
