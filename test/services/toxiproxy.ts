import { randomUUID } from 'node:crypto';
import { serviceEndpoints } from './endpoints.ts';

/** What toxiproxy does to what passes, as its README has it; times in milliseconds. */
export type Toxic =
  | { readonly type: 'latency'; readonly attributes: { latency: number; jitter?: number } }
  /** Nothing passes; after `timeout`, unless it is 0, the connection is closed. */
  | { readonly type: 'timeout'; readonly attributes: { timeout: number } }
  | { readonly type: 'reset_peer'; readonly attributes: { timeout: number } }
  /** The end of a connection is passed on late. */
  | { readonly type: 'slow_close'; readonly attributes: { delay: number } }
  /** Kilobytes a second. */
  | { readonly type: 'bandwidth'; readonly attributes: { rate: number } }
  /** A connection is closed after so many bytes. */
  | { readonly type: 'limit_data'; readonly attributes: { bytes: number } };

/** To the client, or from it. */
export type Stream = 'downstream' | 'upstream';

/** One service behind toxiproxy. */
export interface ToxicProxy {
  /** `127.0.0.1:<port>`. */
  readonly address: string;
  /** Adds a toxic to every connection, those that are open included. */
  add(toxic: Toxic, stream?: Stream): Promise<void>;
  /** Takes all toxics away. */
  clear(): Promise<void>;
  /** Refuses connections, and ends those that are open. */
  disable(): Promise<void>;
  enable(): Promise<void>;
  remove(): Promise<void>;
}

/** Puts `upstream` (`host:port`) behind toxiproxy, on a free port of loopback. */
export async function openToxicProxy(upstream: string): Promise<ToxicProxy> {
  const name = randomUUID();
  const proxy = `/proxies/${name}`;
  const { listen } = (await call('POST', '/proxies', { name, upstream, listen: '127.0.0.1:0' })) as {
    listen: string;
  };
  let toxics: string[] = [];
  // By its address: asked for port 0 again, it would listen on another one.
  const setEnabled = (enabled: boolean) => call('POST', proxy, { listen, upstream, enabled });
  return {
    address: listen,
    async add({ type, attributes }, stream = 'downstream') {
      const toxic = `${type}-${stream}-${toxics.length}`;
      await call('POST', `${proxy}/toxics`, { name: toxic, type, stream, attributes });
      toxics.push(toxic);
    },
    async clear() {
      const added = toxics;
      toxics = [];
      for (const toxic of added) await call('DELETE', `${proxy}/toxics/${toxic}`);
    },
    disable: async () => void (await setEnabled(false)),
    enable: async () => void (await setEnabled(true)),
    remove: async () => void (await call('DELETE', proxy)),
  };
}

/** Throws Error, with what toxiproxy says, where it refuses. */
async function call(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${serviceEndpoints().toxiproxy}${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`toxiproxy answers ${method} ${path} with ${response.status}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
