/**
 * Everything topshelf refuses or fails at, one class per reason. `code` is stable: the CLI maps it to an exit code
 * and the API to a status, each in one table. A message says what was wrong, with the value received, and what to do.
 */
export type ErrorCode =
  | 'usage'
  | 'bad-input'
  | 'unreachable'
  | 'lost-race'
  | 'held'
  | 'quarantined'
  | 'gate'
  | 'not-found'
  | 'pointer-rejected'
  | 'store-timeout'
  | 'store-throttled'
  | 'store-error'
  | 'table-missing'
  | 'interrupted';

export class TopshelfError extends Error {
  override readonly name: string = 'TopshelfError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A command line or setting that cannot be understood. */
export class UsageError extends TopshelfError {
  override readonly name = 'UsageError';
  constructor(message: string, options?: ErrorOptions) {
    super('usage', message, options);
  }
}

/** An input file that must not be published: the message names the file and, where there is one, the record. */
export class BadInputError extends TopshelfError {
  override readonly name = 'BadInputError';
  constructor(message: string, options?: ErrorOptions) {
    super('bad-input', message, options);
  }
}

/** S3, ZooKeeper, DynamoDB or a disk that a command needs does not answer, or refuses. */
export class UnreachableError extends TopshelfError {
  override readonly name = 'UnreachableError';
  constructor(message: string, options?: ErrorOptions) {
    super('unreachable', message, options);
  }
}

/** The pointer was changed by another writer between our read and our write. Nothing was written. */
export class LostRaceError extends TopshelfError {
  override readonly name = 'LostRaceError';
  constructor(message: string, options?: ErrorOptions) {
    super('lost-race', message, options);
  }
}

/** Activations are held (after a rollback, or a pointer written by hand) until somebody releases them. */
export class HeldError extends TopshelfError {
  override readonly name = 'HeldError';
  constructor(message: string) {
    super('held', message);
  }
}

/** The version, or its content, was quarantined by a rollback. */
export class QuarantinedError extends TopshelfError {
  override readonly name = 'QuarantinedError';
  constructor(message: string) {
    super('quarantined', message);
  }
}

/** The gate's verdict on the candidate is not a pass; `report` has all of it, for machines. */
export class GateError extends TopshelfError {
  override readonly name = 'GateError';
  readonly report: object;
  constructor(message: string, report: object) {
    super('gate', message);
    this.report = report;
  }
}

/** A placement, version or table that was named does not exist. */
export class NotFoundError extends TopshelfError {
  override readonly name = 'NotFoundError';
  constructor(message: string) {
    super('not-found', message);
  }
}

/** Why a server does not adopt what it found in the pointer store. Also the `reason` label of the rejection metric. */
export const POINTER_REJECTIONS = [
  'too-large',
  'malformed',
  'unknown-schema',
  'wrong-placement',
  'bad-checksum',
  'unsigned',
  'bad-signature',
  'bad-table-name',
  'epoch-not-higher',
  'table-missing',
  'unsealed',
  'seal-mismatch',
  'store-error',
  'store-unreachable',
] as const;
export type PointerRejection = (typeof POINTER_REJECTIONS)[number];

/** Pointer content that is not adopted; what is being served stays. */
export class PointerRejectedError extends TopshelfError {
  override readonly name = 'PointerRejectedError';
  readonly reason: PointerRejection;
  constructor(reason: PointerRejection, message: string, options?: ErrorOptions) {
    super('pointer-rejected', message, options);
    this.reason = reason;
  }
}

/** The store did not answer before the deadline. */
export class StoreTimeoutError extends TopshelfError {
  override readonly name = 'StoreTimeoutError';
  constructor(message: string, options?: ErrorOptions) {
    super('store-timeout', message, options);
  }
}

/** The store refused for now: too many requests for the table, a partition or the account. */
export class StoreThrottledError extends TopshelfError {
  override readonly name = 'StoreThrottledError';
  constructor(message: string, options?: ErrorOptions) {
    super('store-throttled', message, options);
  }
}

/** Any other failure of the store. */
export class StoreError extends TopshelfError {
  override readonly name: string = 'StoreError';
  constructor(message: string, options?: ErrorOptions) {
    super('store-error', message, options);
  }
}

/** A connection ended before it brought a byte of the answer: a kept one may have been dead. Asking anew may help. */
export class ConnectionLostError extends StoreError {
  override readonly name = 'ConnectionLostError';
}

/** The table does not exist (yet, or any more). */
export class TableMissingError extends TopshelfError {
  override readonly name = 'TableMissingError';
  constructor(table: string, options?: ErrorOptions) {
    super('table-missing', `table ${table} does not exist`, options);
  }
}

/** Somebody stopped a command that had begun to write: what that left, and how to go on. */
export class InterruptedError extends TopshelfError {
  override readonly name = 'InterruptedError';
  constructor(message: string, options?: ErrorOptions) {
    super('interrupted', message, options);
  }
}

/** The message of anything thrown, for logs and messages that name a cause. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
