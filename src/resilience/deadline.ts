/**
 * Settles as `work` does, or rejects with `abortError()` the moment `signal` aborts, whatever `work` still does:
 * a deadline frees the caller even where the library underneath ignores signals.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal, abortError: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(abortError());
    if (signal.aborted) {
      work.catch(() => undefined);
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = () => signal.removeEventListener('abort', onAbort);
    work.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: Error) => {
        settle();
        reject(error);
      },
    );
  });
}

/** Resolves after `ms`, or at once when `signal` aborts; keeps no process alive. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** Resolves as `work` does, or with `onLate()` after `ms`, whatever `work` still does. */
export function within<T, L>(ms: number, work: Promise<T>, onLate: () => L): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(onLate()), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** A wait that a hint cuts short. */
export interface Hint {
  /** Ends the wait that is on, or the next one at once. */
  give(): void;
  /** Resolves after `ms`, on a hint, or when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createHint(): Hint {
  let isGiven = false;
  let wake: AbortController | undefined;
  return {
    give() {
      isGiven = true;
      wake?.abort();
    },
    async wait(ms, signal) {
      wake = new AbortController();
      if (!isGiven) await pause(ms, AbortSignal.any([signal, wake.signal]));
      isGiven = false;
      wake = undefined;
    },
  };
}
