import {
  DescribeImportCommand,
  DynamoDBClient,
  ImportTableCommand,
  type ImportStatus,
} from '@aws-sdk/client-dynamodb';
import type { DynamoDbConnection } from '../config/config.ts';
import { StoreError } from '../domain/errors.ts';
import { toStoreError } from './dynamodb-errors.ts';
import type { ImportState, TableImporter } from './table-importer.ts';

// The SDK's own retries: both operations may be repeated, the first by its token.
const MAX_ATTEMPTS = 8;

/** Imports tables with the AWS SDK. */
export function createDynamoDbImporter(connection: DynamoDbConnection): TableImporter {
  const client = new DynamoDBClient({ ...connection, maxAttempts: MAX_ATTEMPTS });
  return {
    async start(table, { bucket, prefix }, token, signal) {
      const command = new ImportTableCommand({
        ClientToken: token,
        S3BucketSource: { S3Bucket: bucket, S3KeyPrefix: prefix },
        InputFormat: 'DYNAMODB_JSON',
        InputCompressionType: 'GZIP',
        TableCreationParameters: {
          TableName: table,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [{ AttributeName: 'userId', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'userId', KeyType: 'HASH' }],
        },
      });
      try {
        const { ImportTableDescription } = await client.send(command, { abortSignal: signal });
        const name = ImportTableDescription?.ImportArn;
        if (name === undefined) throw new StoreError(`ImportTable of table ${table} has no name`);
        return name;
      } catch (error) {
        throw toStoreError(error, 'ImportTable', table);
      }
    },

    async describe(name, signal) {
      try {
        const command = new DescribeImportCommand({ ImportArn: name });
        const { ImportTableDescription: found } = await client.send(command, { abortSignal: signal });
        return {
          status: statusOf(found?.ImportStatus),
          importedItems: found?.ImportedItemCount ?? 0,
          errors: found?.ErrorCount ?? 0,
          failure: [found?.FailureCode, found?.FailureMessage].filter((text) => text).join(': '),
        };
      } catch (error) {
        throw toStoreError(error, 'DescribeImport', name);
      }
    },

    close: () => client.destroy(),
  };
}

function statusOf(status: ImportStatus | undefined): ImportState['status'] {
  if (status === 'COMPLETED') return 'completed';
  return status === 'FAILED' || status === 'CANCELLED' || status === 'CANCELLING' ? 'failed' : 'running';
}
