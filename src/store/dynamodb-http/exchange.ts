import type { Dispatcher } from 'undici';

/** One answer of the server, complete. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  header(name: string): string | undefined;
}

type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];
type Controller = Dispatcher.DispatchController;

/**
 * One request and its answer on undici's lowest interface: no streams, no promises but the caller's. It outlives its
 * caller where that one leaves early: what still comes is dropped.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #onAnswer: (answer: Answer) => void;
  readonly #onError: (error: Error) => void;
  #controller: Controller | undefined;
  #endedBy: Error | undefined;
  #isLeft = false;
  #status = 0;
  #headers: Headers = {};
  #chunks: Buffer[] = [];

  constructor(onAnswer: (answer: Answer) => void, onError: (error: Error) => void) {
    this.#onAnswer = onAnswer;
    this.#onError = onError;
  }

  /** Whether a part of the answer has come. */
  get hasBegun(): boolean {
    return this.#status !== 0;
  }

  /** Nobody waits for it any more; it goes on until it is ended. */
  leave(): void {
    this.#isLeft = true;
    this.#chunks = [];
  }

  /** Ends it, and its connection with it: HTTP/1.1 has no other way. */
  end(reason: Error): void {
    this.#endedBy = reason;
    this.#controller?.abort(reason);
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#endedBy !== undefined) controller.abort(this.#endedBy);
  }

  onResponseStart(_: Controller, status: number, headers: Headers): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Controller, chunk: Buffer): void {
    if (!this.#isLeft) this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const body = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    const headers = this.#headers;
    this.#onAnswer({
      status: this.#status,
      text: body.toString(),
      header: (name) => headers[name]?.toString(),
    });
  }

  onResponseError(_: Controller, error: Error): void {
    this.#onError(error);
  }
}
