import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDbConnection } from '../../config/config.ts';
import { StoreError } from '../../domain/errors.ts';
import type { CredentialProvider } from './credentials.ts';

/** Where DynamoDB is and how to sign for it, as the AWS SDK finds it. */
export interface Endpoint {
  /** Such as `https://dynamodb.eu-west-1.amazonaws.com`. */
  readonly origin: string;
  readonly region: string;
  readonly provideCredentials: CredentialProvider;
}

/**
 * Lets the SDK prepare one request, which is never sent, and looks where it would go: environment, shared files,
 * FIPS, dual stack and endpoints by account all count, whatever rules the SDK has for them.
 */
export async function findEndpoint(connection: DynamoDbConnection): Promise<Endpoint> {
  const client = new DynamoDBClient({ ...connection });
  let origin: string | undefined;
  client.middlewareStack.add(
    () => async (args) => {
      origin = originOf(args.request);
      return { response: undefined, output: { $metadata: {} } };
    },
    { step: 'build', priority: 'low', name: 'lookAndDoNotSend' },
  );
  await client.send(new GetItemCommand({ TableName: 'any', Key: { userId: { S: 'any' } } }));
  if (origin === undefined) throw new StoreError('the AWS SDK names no endpoint for DynamoDB');
  return { origin, region: await client.config.region(), provideCredentials: client.config.credentials };
}

function originOf(request: unknown): string {
  const { protocol, hostname, port } = request as { protocol: string; hostname: string; port?: number };
  return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
}
