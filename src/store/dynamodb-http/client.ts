import { Pool } from 'undici';
import type { DynamoDbConnection } from '../../config/config.ts';
import { ConnectionLostError, StoreError, StoreTimeoutError } from '../../domain/errors.ts';
import { untilAborted } from '../../resilience/deadline.ts';
import { createDraining } from '../draining.ts';
import { createServerClock } from './clock.ts';
import { createCredentialSource, type Credentials, type CredentialSource } from './credentials.ts';
import { DynamoDbError } from './dynamodb-error.ts';
import { findEndpoint } from './endpoint.ts';
import { Exchange, type Answer } from './exchange.ts';
import { createAmzDates, createSigner, type Signer } from './signature.ts';

export interface DynamoDbHttpOptions extends DynamoDbConnection {
  /** Connections at most; a request that finds none free fails at once. */
  readonly maxSockets: number;
}

/** DynamoDB's JSON protocol over kept connections. It retries nothing. */
export interface DynamoDbHttp {
  /**
   * Resolves with the answer's JSON. Rejects with DynamoDbError, with StoreTimeoutError the moment `signal` aborts,
   * with ConnectionLostError where a connection ended before it brought a byte, and with what undici throws.
   */
  call(operation: 'GetItem' | 'BatchGetItem', body: string, signal: AbortSignal): Promise<unknown>;
  /** Ends all connections; may be called more than once. */
  close(): void;
}

interface Open {
  readonly pool: Pool;
  readonly host: string;
  readonly signer: Signer;
  readonly credentials: CredentialSource;
}

const CONNECT_TIMEOUT_MS = 1000;
// Idle connections stay: at the worst of times there may be no new ones to have.
const KEEP_ALIVE_MS = 5 * 60_000;
// The most that DynamoDB itself sends.
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const DRAINING = { ms: 1000, count: 64 };
const LOST = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
const REFUSED_CREDENTIALS = new Set(['ExpiredTokenException', 'UnrecognizedClientException']);

export function createDynamoDbHttp({ maxSockets, ...connection }: DynamoDbHttpOptions): DynamoDbHttp {
  const draining = createDraining(DRAINING);
  const clock = createServerClock();
  const amzDate = createAmzDates();
  let open: Open | undefined;
  let opening: Promise<Open> | undefined;
  let isClosed = false;
  let underWay = 0;

  async function openPool(): Promise<Open> {
    const { origin, region, provideCredentials } = await findEndpoint(connection);
    const credentials = createCredentialSource(provideCredentials);
    await credentials.fetch();
    if (isClosed) throw new StoreError('the reader is closed');
    const pool = new Pool(origin, {
      connections: maxSockets,
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: 2 * KEEP_ALIVE_MS,
      headersTimeout: 0, // deadlines are the caller's
      bodyTimeout: 0,
      maxResponseSize: MAX_ANSWER_BYTES,
      allowH2: false,
    });
    return (open = {
      pool,
      host: new URL(origin).host,
      signer: createSigner({ region, service: 'dynamodb' }),
      credentials,
    });
  }

  /** Only the first request waits here, and those after credentials have ended. */
  async function ready(): Promise<{ target: Open; credentials: Credentials }> {
    opening ??= openPool().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    const target = await opening;
    return { target, credentials: target.credentials.current() ?? (await target.credentials.fetch()) };
  }

  function exchange(
    { pool, host, signer }: Open,
    credentials: Credentials,
    operation: string,
    body: string,
    signedAt: number,
    signal: AbortSignal,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (isClosed) throw new StoreError('the reader is closed');
      if (underWay >= maxSockets) throw new StoreError(`all ${maxSockets} connections are in use`);
      let onDrained: (() => void) | undefined;
      const leave = () => {
        work.leave();
        onDrained = draining.add(() => work.end(tooLate(operation)));
        reject(tooLate(operation));
      };
      const over = () => {
        underWay -= 1;
        signal.removeEventListener('abort', leave);
        onDrained?.();
      };
      const work = new Exchange(
        (answer) => {
          over();
          resolve(answer);
        },
        (error) => {
          over();
          reject(isLost(error) && !work.hasBegun ? lost(operation, error) : error);
        },
      );
      signal.addEventListener('abort', leave);
      underWay += 1;
      const headers = signedHeaders(signer, host, credentials, operation, body, amzDate(signedAt));
      pool.dispatch({ path: '/', method: 'POST', headers, body }, work);
    });
  }

  async function ask(
    target: Open,
    credentials: Credentials,
    operation: string,
    body: string,
    signal: AbortSignal,
  ): Promise<unknown> {
    const signedAt = clock.now();
    const answer = await exchange(target, credentials, operation, body, signedAt, signal);
    if (answer.status === 200) return JSON.parse(answer.text);
    const error = new DynamoDbError(answer);
    if (REFUSED_CREDENTIALS.has(error.name)) target.credentials.refuse();
    // Signed once more where only our clock was wrong: the second answer counts, whatever it is.
    if (!clock.correct(error.name, answer.header('date'), signedAt)) throw error;
    const again = await exchange(target, credentials, operation, body, clock.now(), signal);
    if (again.status !== 200) throw new DynamoDbError(again);
    return JSON.parse(again.text);
  }

  return {
    async call(operation, body, signal) {
      if (signal.aborted) throw tooLate(operation);
      const known = open?.credentials.current();
      if (open !== undefined && known !== undefined) return ask(open, known, operation, body, signal);
      const { target, credentials } = await untilAborted(ready(), signal, () => tooLate(operation));
      return ask(target, credentials, operation, body, signal);
    },

    close() {
      isClosed = true;
      open?.pool.destroy().catch(() => undefined);
    },
  };
}

/** Names and values in turn, as undici takes them. */
function signedHeaders(
  signer: Signer,
  host: string,
  credentials: Credentials,
  operation: string,
  body: string,
  date: string,
): string[] {
  const target = `DynamoDB_20120810.${operation}`;
  const headers: (readonly [string, string])[] = [
    ['host', host],
    ['x-amz-date', date],
  ];
  const { sessionToken } = credentials;
  if (sessionToken !== undefined) headers.push(['x-amz-security-token', sessionToken]);
  headers.push(['x-amz-target', target]);
  const authorization = signer.sign({ method: 'POST', headers, body }, date, credentials);
  return [
    ...headers.flat(),
    ...['content-type', 'application/x-amz-json-1.0', 'user-agent', 'topshelf', 'authorization'],
    authorization,
  ];
}

function tooLate(operation: string): StoreTimeoutError {
  return new StoreTimeoutError(`${operation} took too long`);
}

function lost(operation: string, cause: Error): ConnectionLostError {
  return new ConnectionLostError(`the connection ended under ${operation}: ${cause.message}`, { cause });
}

function isLost(error: Error): boolean {
  return 'code' in error && LOST.has(String(error.code));
}
