import { createDynamoDbHttp, type DynamoDbHttpOptions } from './client.ts';
import { DynamoDbError } from './dynamodb-error.ts';

/** What DynamoDB answered, exceptions included. */
export interface Forwarded {
  readonly status: number;
  /** JSON. */
  readonly body: string;
}

/** Passes reads on to DynamoDB, signed anew, for a proxy that stands before it. It cannot write. */
export interface Forward {
  /** Rejects where DynamoDB gave no answer, as `DynamoDbHttp.call` does. */
  ask(operation: 'GetItem' | 'BatchGetItem', body: string, signal: AbortSignal): Promise<Forwarded>;
  /** Ends all connections; may be called more than once. */
  close(): void;
}

export function createForward(options: DynamoDbHttpOptions): Forward {
  const http = createDynamoDbHttp(options);
  return {
    async ask(operation, body, signal) {
      try {
        return { status: 200, body: JSON.stringify(await http.call(operation, body, signal)) };
      } catch (error) {
        if (!(error instanceof DynamoDbError)) throw error;
        const { name, message, throttlingReasons, $metadata } = error;
        const said = { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message, throttlingReasons };
        return { status: $metadata.httpStatusCode, body: JSON.stringify(said) };
      }
    },
    close: () => http.close(),
  };
}
