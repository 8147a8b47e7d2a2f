import type { Problem } from './answer.ts';
import { ClientError, RefusedError } from './errors.ts';

export interface Ask {
  readonly url: URL;
  /** The JSON body of a POST; a GET where there is none. */
  readonly body?: object;
  readonly timeoutMs: number;
  /** The caller's own; what it aborts with is passed on as it is. */
  readonly signal?: AbortSignal | undefined;
}

/** What connections die of: a server that was replaced, or that closed one that it had kept open. */
const DEAD_CONNECTION = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

/**
 * Asks the API and resolves with the JSON of its answer, within the timeout, body and second try included. Throws
 * RefusedError for a status that is not 200, and ClientError where there was no answer or none of topshelf's.
 */
export async function ask({ url, body, timeoutMs, signal }: Ask): Promise<unknown> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const request: RequestInit = {
    signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    redirect: 'error',
    ...(body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  };
  try {
    const response = await fetch(url, request).catch((error: unknown) => {
      if (isDeadConnection(error)) return fetch(url, request);
      throw error;
    });
    const text = await response.text();
    if (response.status === 200) return parse(text, response.status);
    throw new RefusedError(response.status, problemOf(text, response));
  } catch (error) {
    if (error instanceof ClientError) throw error;
    if (signal?.aborted === true) throw error;
    if (timeout.aborted) {
      throw new ClientError('timeout', `topshelf did not answer within ${timeoutMs} ms`, { cause: error });
    }
    throw new ClientError('unreachable', `topshelf cannot be reached at ${url.origin}: ${causeOf(error)}`, {
      cause: error,
    });
  }
}

function isDeadConnection(error: unknown): boolean {
  return DEAD_CONNECTION.includes(codeOf(error instanceof Error ? error.cause : undefined));
}

/** Where a name has several addresses, the causes of the tries are in a list. */
function codeOf(cause: unknown): string {
  const [first] = cause instanceof AggregateError ? (cause.errors as unknown[]) : [cause];
  return first instanceof Error && 'code' in first ? String(first.code) : '';
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return codeOf(error.cause) || (error.cause instanceof Error ? error.cause.message : error.message);
}

function problemOf(text: string, { status, statusText }: Response): Problem {
  try {
    const problem = JSON.parse(text) as Partial<Problem> | null;
    if (typeof problem?.detail === 'string') return problem as Problem;
  } catch {
    // Whoever stands before topshelf may answer in any form.
  }
  return { type: 'about:blank', title: statusText, status, detail: text.slice(0, 200) || statusText };
}

function parse(text: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ClientError('malformed', `status ${status} came with what is no JSON: ${text.slice(0, 80)}`, {
      cause: error,
    });
  }
}
