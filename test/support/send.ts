import { Agent, request } from 'node:http';
import type { Send } from './paced-load.ts';

/** A caller of one server, on connections that are kept, as shop front ends do. */
export interface Caller {
  readonly send: Send;
  close(): void;
}

// As a load balancer's: shorter than the server's 72 s, so that it is never the server who ends a connection that is about
// to be used.
const IDLE_MS = 60_000;

/** `api`: its URL, without a slash at the end. */
export function createCaller(api: string): Caller {
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  return {
    send: (method, path, body) =>
      new Promise((resolve) => {
        const fail = ({ message }: Error) =>
          // On one that was idle, the server may have ended it as the request left.
          resolve({
            status: 0,
            text: sent.reusedSocket ? `${message}, on a connection that was kept` : message,
          });
        const headers = body === undefined ? {} : { 'content-type': 'application/json' };
        const sent = request(`${api}${path}`, { agent, method, headers }, (response) => {
          let text = '';
          response.on('data', (data: Buffer) => (text += data.toString()));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
          response.on('error', fail);
        });
        sent.on('error', fail).end(body);
      }),
    close: () => agent.destroy(),
  };
}
