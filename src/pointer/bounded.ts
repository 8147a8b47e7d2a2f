import { messageOf, TopshelfError, UnreachableError } from '../domain/errors.ts';

export interface Bounds {
  /** What is done, as messages begin: `reading s3://bucket/home/pointer.json`. */
  readonly what: string;
  /** The caller's signal. */
  readonly signal: AbortSignal;
  /** The adapter's own: aborted when it is closed. */
  readonly closed: AbortSignal;
  /** Milliseconds after which the store counts as not answering. */
  readonly deadlineMs: number;
}

/**
 * Runs `work` and frees the caller at the deadline, when its signal aborts or when the adapter is closed, whether
 * `work` heeds the signal it is given or not. Whatever goes wrong is an UnreachableError, other than topshelf's own.
 */
export async function bounded<T>(bounds: Bounds, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { what, signal, closed, deadlineMs } = bounds;
  const stop = new AbortController();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const give = (why: string) => {
    const error = new UnreachableError(`${what}: ${why}`);
    reject(error);
    stop.abort(error);
  };
  const onAbort = () => give('given up by the caller');
  const onClose = () => give('the pointer store was closed');
  if (closed.aborted) throw new UnreachableError(`${what}: the pointer store was closed`);
  if (signal.aborted) throw new UnreachableError(`${what}: given up by the caller`);

  const timer = setTimeout(() => give(`no answer within ${deadlineMs} ms`), deadlineMs);
  signal.addEventListener('abort', onAbort, { once: true });
  closed.addEventListener('abort', onClose, { once: true });
  try {
    return await Promise.race([work(stop.signal), stopped]);
  } catch (error) {
    if (error instanceof TopshelfError) throw error;
    throw new UnreachableError(`${what}: ${messageOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    closed.removeEventListener('abort', onClose);
  }
}
