import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { serviceEndpoints } from './endpoints.ts';

it('DynamoDB Local answers', async () => {
  const client = new DynamoDBClient({
    endpoint: serviceEndpoints().dynamodb,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const { TableNames } = await client.send(new ListTablesCommand());
  expect(TableNames).toBeInstanceOf(Array);
  client.destroy();
});
