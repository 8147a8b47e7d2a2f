import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { DrilledServer } from '../../src/drill/drilled-server.ts';

/** What a server in place of topshelf does, and gets wrong. */
export interface DoubleBehaviour {
  /** DynamoDB as it sees it. */
  readonly store: string;
  readonly version: string;
  /** What it answers while its store fails. */
  readonly instead: (userId: string) => DoubleAnswer;
  /** Errors of its pointer store so far, as its metrics tell. */
  readonly pointerErrors?: () => number;
  readonly epoch?: () => number;
}

export interface DoubleAnswer {
  readonly status?: number;
  readonly afterMs?: number;
  readonly body?: object;
}

/** The products that the double gives each user while all is well. */
export const WELL = [{ productId: 'mug', score: 1 }];

/** A server that reads its store at each request and degrades as it is told, to prove what a drill finds. */
export async function startDoubleServer(behaviour: DoubleBehaviour): Promise<DrilledServer> {
  const { store, version, instead, pointerErrors = () => 0, epoch = () => 1 } = behaviour;

  async function answerTo(userId: string): Promise<DoubleAnswer> {
    const headers = { 'x-amz-target': 'DynamoDB_20120810.GetItem' };
    const read = await fetch(store, { method: 'POST', headers, body: JSON.stringify({ userId }) });
    const personalized = { version, source: 'personalized', recommendations: WELL };
    return read.ok ? { body: personalized } : instead(userId);
  }

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (pathname === '/status') {
      const placements = [{ placement: 'home', epoch: epoch(), version }];
      return void response.end(JSON.stringify({ status: 'ready', placements }));
    }
    if (pathname === '/metrics') {
      return void response.end(`topshelf_pointer_read_errors_total{placement="home"} ${pointerErrors()}\n`);
    }
    void answerTo(pathname.split('/').at(-1) ?? '').then(({ status = 200, afterMs = 0, body = {} }) =>
      setTimeout(() => response.writeHead(status).end(JSON.stringify(body)), afterMs),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    api: url,
    ops: url,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
