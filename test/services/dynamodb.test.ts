import { afterAll, beforeAll } from 'vitest';
import { createDynamoDbReader } from '../../src/store/dynamodb-reader.ts';
import { createDynamoDbTables } from '../../src/store/dynamodb-tables.ts';
import {
  predictionStoreContract,
  type PredictionStoreHarness,
} from '../contracts/prediction-store.contract.ts';
import { serviceEndpoints } from './endpoints.ts';

let harness: PredictionStoreHarness;

beforeAll(() => {
  const connection = {
    endpoint: serviceEndpoints().dynamodb,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  harness = {
    reader: createDynamoDbReader({ ...connection, maxSockets: 16 }),
    tables: createDynamoDbTables(connection),
  };
});

afterAll(() => {
  harness.reader.close();
  harness.tables.close();
});

predictionStoreContract('dynamodb-local', () => harness);
