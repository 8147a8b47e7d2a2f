import { afterAll, beforeAll } from 'vitest';
import { startEmulator, type Emulator } from '../../src/demo/emulator.ts';
import { createDynamoDbReader } from '../../src/store/dynamodb-reader.ts';
import { createDynamoDbTables } from '../../src/store/dynamodb-tables.ts';
import type { PredictionStoreHarness } from '../contracts/prediction-store.contract.ts';
import { predictionStoreContract } from '../contracts/prediction-store.contract.ts';

let emulator: Emulator;
let harness: PredictionStoreHarness;

beforeAll(async () => {
  emulator = await startEmulator();
  harness = {
    reader: createDynamoDbReader({ ...emulator.connection, maxSockets: 16 }),
    tables: createDynamoDbTables(emulator.connection),
  };
});

afterAll(async () => {
  harness.reader.close();
  harness.tables.close();
  await emulator.close();
});

predictionStoreContract('dynalite', () => harness);
