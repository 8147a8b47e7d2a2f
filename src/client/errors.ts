import type { LocalReason, Problem } from './answer.ts';

/** The API could not be asked, and no local list was to stand in for it. */
export class ClientError extends Error {
  override readonly name: string = 'ClientError';
  readonly reason: LocalReason;

  constructor(reason: LocalReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** The API refused: `status` and `problem` tell why. */
export class RefusedError extends ClientError {
  override readonly name = 'RefusedError';
  readonly status: number;
  readonly problem: Problem;

  constructor(status: number, problem: Problem) {
    super('refused', `topshelf refused with ${status}: ${problem.detail}`);
    this.status = status;
    this.problem = problem;
  }

  /** Whether the call itself is wrong, so that it will be refused again, and no list should hide it. */
  get isMistake(): boolean {
    return this.status >= 400 && this.status < 500 && ![404, 408, 429].includes(this.status);
  }
}
