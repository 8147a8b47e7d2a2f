import { awsHint } from '../config/aws-hint.ts';
import {
  messageOf,
  StoreError,
  StoreThrottledError,
  StoreTimeoutError,
  TableMissingError,
  TopshelfError,
} from '../domain/errors.ts';

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'LimitExceededException',
]);
const TIMED_OUT = new Set(['TimeoutError', 'AbortError', 'RequestTimeout', 'ConnectTimeoutError']);
const TOO_MANY_TABLES =
  '; an account holds only so many tables, and makes only so many at once: "topshelf prune" deletes those of versions ' +
  'that nothing needs, and AWS raises the quota on request';
// The SDK calls these a TimeoutError too, though nothing was waited for.
const BROKEN_CONNECTION = new Set(['ECONNRESET', 'EPIPE']);

/** What the errors of the AWS SDK tell besides name and message; those of the signed reader have the same fields. */
interface ErrorDetails {
  readonly $metadata?: { readonly requestId?: string | undefined };
  readonly throttlingReasons?: readonly { readonly reason?: string }[];
}

/**
 * What was thrown while `operation` was done on `table`, as the store's own error. Its message keeps DynamoDB's type,
 * throttling reasons and request id.
 */
export function toStoreError(error: unknown, operation: string, table: string): TopshelfError {
  if (error instanceof TopshelfError) return error;
  const name = error instanceof Error ? error.name : '';
  const hint =
    name === 'LimitExceededException' && operation === 'CreateTable'
      ? TOO_MANY_TABLES
      : awsHint(error, 'DynamoDB');
  const message = `${operation} on table ${table} failed: ${name} ${messageOf(error)}${detailsOf(error)}${hint}`;
  if (name === 'ResourceNotFoundException') return new TableMissingError(table, { cause: error });
  if (THROTTLED.has(name)) return new StoreThrottledError(message, { cause: error });
  if (TIMED_OUT.has(name) && !isBrokenConnection(error))
    return new StoreTimeoutError(message, { cause: error });
  return new StoreError(message, { cause: error });
}

function isBrokenConnection(error: unknown): boolean {
  return error instanceof Error && 'code' in error && BROKEN_CONNECTION.has(String(error.code));
}

function detailsOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { $metadata, throttlingReasons = [] } = error as ErrorDetails;
  const reasons = throttlingReasons.map(({ reason }) => reason).join(', ');
  const parts = [reasons, $metadata?.requestId && `request ${$metadata.requestId}`].filter(Boolean);
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}
