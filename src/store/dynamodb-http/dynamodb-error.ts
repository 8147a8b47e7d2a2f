import type { Answer } from './exchange.ts';

/** An exception that DynamoDB answered with; it has the fields of the AWS SDK's errors. */
export class DynamoDbError extends Error {
  /** DynamoDB's type, such as `ThrottlingException`. */
  override readonly name: string;
  readonly $metadata: { readonly httpStatusCode: number; readonly requestId: string | undefined };
  readonly throttlingReasons: readonly { readonly reason?: string; readonly resource?: string }[];

  constructor(answer: Answer) {
    const { __type, message, Message, throttlingReasons } = fieldsOf(answer.text);
    const said = [message, Message].find((text) => typeof text === 'string');
    super(said ?? `status ${answer.status}`);
    // `com.amazonaws.dynamodb.v20120810#ThrottlingException`, from some services with `:` and a link behind it.
    this.name = /(?:^|#)([^#:]+)(?::.*)?$/.exec(String(__type))?.[1] ?? 'UnknownError';
    this.$metadata = { httpStatusCode: answer.status, requestId: answer.header('x-amzn-requestid') };
    this.throttlingReasons = Array.isArray(throttlingReasons)
      ? (throttlingReasons as DynamoDbError['throttlingReasons'])
      : [];
  }
}

/** The body of an exception; a proxy in between may have written anything. */
function fieldsOf(text: string): Record<string, unknown> {
  try {
    const fields: unknown = JSON.parse(text);
    return typeof fields === 'object' && fields !== null ? (fields as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
