import { Agent, request } from 'node:http';
import type { Send } from './paced-load.ts';

/** A caller of one server, on connections that are kept, as shop front ends do. */
export interface Caller {
  readonly send: Send;
  close(): void;
}

/** `api`: its URL, without a slash at the end. */
export function createCaller(api: string): Caller {
  const agent = new Agent({ keepAlive: true });
  return {
    send: (method, path, body) =>
      new Promise((resolve) => {
        const fail = (error: Error) => resolve({ status: 0, text: error.message });
        const headers = body === undefined ? {} : { 'content-type': 'application/json' };
        request(`${api}${path}`, { agent, method, headers }, (response) => {
          let text = '';
          response.on('data', (data: Buffer) => (text += data.toString()));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
          response.on('error', fail);
        })
          .on('error', fail)
          .end(body);
      }),
    close: () => agent.destroy(),
  };
}
