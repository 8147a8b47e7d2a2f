import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { messageOf, UnreachableError, UsageError } from '../domain/errors.ts';
import { shown } from '../domain/ids.ts';
import { replicaStatusSchema, type MeasuredReplicas } from './replicas.ts';

export interface HttpReplicasOptions {
  /** URLs of ops listeners separated by commas, or `dns:name:port`: every address that the name has. */
  readonly replicas: string;
  /** Milliseconds for one question: a replica that hangs must not stop those that answer. Default 2,000. */
  readonly deadlineMs?: number;
  /** All addresses of a name; the system's own resolver unless a test says otherwise. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
}

const DEADLINE_MS = 2_000;
/** What a resolver says of a name without addresses: a service whose last replica is gone. */
const NO_ADDRESS = new Set(['ENOTFOUND', 'ENODATA', 'EAI_NODATA', 'EAI_NONAME']);
const NAME = /^dns:([A-Za-z0-9._-]+):(\d{1,5})$/;

/** Replicas by the URLs of their ops listeners. Throws UsageError for a list that names none or is no list of URLs. */
export function createHttpReplicas(options: HttpReplicasOptions): MeasuredReplicas {
  const { replicas, deadlineMs = DEADLINE_MS, resolve = addressesOf } = options;
  const name = NAME.exec(replicas.trim());
  const urls = name === null ? urlsIn(replicas) : [];
  const listByName = async (host: string, port: string): Promise<string[]> => {
    const addresses = await inTime(`resolving ${host}`, deadlineMs, resolve(host));
    return [...new Set(addresses)].map((each) => `http://${isIPv6(each) ? `[${each}]` : each}:${port}`);
  };
  const inDeadline = (signal: AbortSignal) => AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  return {
    name: replicas.trim(),
    list: async () => (name === null ? urls : listByName(name[1] ?? '', name[2] ?? '')),
    ask: (replica, signal) =>
      get(`${replica}/status`, inDeadline(signal), async (response) => {
        const status = replicaStatusSchema.safeParse(await response.json());
        if (!status.success) throw new Error('what it answered is not the status of a topshelf server');
        return status.data;
      }),
    metrics: (replica, signal) =>
      get(`${replica}/metrics`, inDeadline(signal), (response) => response.text()),
  };
}

async function get<T>(
  url: string,
  signal: AbortSignal,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  try {
    const response = await fetch(url, { signal, redirect: 'error' });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return await read(response);
  } catch (error) {
    throw new UnreachableError(`${url}: ${reasonOf(error)}`, { cause: error });
  }
}

/** fetch hides what went wrong behind "fetch failed". */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time';
  const { cause } = error as { cause?: unknown };
  return cause === undefined ? messageOf(error) : messageOf(cause);
}

function urlsIn(text: string): string[] {
  const urls = text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map((each) => {
      const url = URL.parse(each);
      if (
        url !== null &&
        ['http:', 'https:'].includes(url.protocol) &&
        url.search === '' &&
        url.hash === ''
      ) {
        return url.href.replace(/\/(status\/?)?$/, '');
      }
      throw new UsageError(
        `${shown(each)} is not a replica: give URLs of ops listeners separated by commas ` +
          '(http://10.0.0.7:9464), or dns:name:port',
      );
    });
  if (urls.length === 0) throw new UsageError(`--replicas names no replica, got ${shown(text)}`);
  return [...new Set(urls)];
}

async function addressesOf(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    if (error instanceof Error && 'code' in error && NO_ADDRESS.has(String(error.code))) return [];
    throw new UnreachableError(`resolving ${host} failed: ${messageOf(error)}`, { cause: error });
  }
}

async function inTime<T>(what: string, ms: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new UnreachableError(`${what}: no answer within ${ms} ms`)), ms);
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}
