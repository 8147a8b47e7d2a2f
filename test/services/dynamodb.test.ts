import { DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDynamoDbReader } from '../../src/store/dynamodb-reader.ts';
import { createSignedReader } from '../../src/store/dynamodb-signed-reader.ts';
import { createDynamoDbTables } from '../../src/store/dynamodb-tables.ts';
import {
  predictionStoreContract,
  type PredictionStoreHarness,
} from '../contracts/prediction-store.contract.ts';
import { expectSameAnswers } from '../contracts/same-answers.ts';
import { serviceEndpoints } from './endpoints.ts';

let harness: PredictionStoreHarness;
let signed: PredictionStoreHarness;

const connectionOf = () => ({
  endpoint: serviceEndpoints().dynamodb,
  region: 'eu-west-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

beforeAll(() => {
  const connection = connectionOf();
  harness = {
    reader: createDynamoDbReader({ ...connection, maxSockets: 16 }),
    tables: createDynamoDbTables(connection),
  };
  signed = { ...harness, reader: createSignedReader({ ...connection, maxSockets: 16 }) };
});

afterAll(() => {
  harness.reader.close();
  signed.reader.close();
  harness.tables.close();
});

predictionStoreContract('dynamodb-local', () => harness);
predictionStoreContract('dynamodb-local-signed', () => signed);

it('answers signed requests for every user of the real data as it answers the AWS SDK', async () => {
  await expectSameAnswers('dynamodb-local', harness, signed.reader);
});

it('deletes a table that is protected against deletion, ending the protection first', async () => {
  const { signal } = new AbortController();
  const table = `protected-${process.pid}`;
  await harness.tables.create(table, signal);
  const hand = new DynamoDBClient(connectionOf());
  await hand.send(new UpdateTableCommand({ TableName: table, DeletionProtectionEnabled: true }));
  hand.destroy();
  await harness.tables.delete(table, signal);
  expect(await harness.tables.describe(table, signal)).toBeNull();
});
