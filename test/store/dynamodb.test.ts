import { afterAll, beforeAll, it } from 'vitest';
import { startEmulator, type Emulator } from '../../src/demo/emulator.ts';
import { createDynamoDbReader } from '../../src/store/dynamodb-reader.ts';
import { createSignedReader } from '../../src/store/dynamodb-signed-reader.ts';
import { createDynamoDbTables } from '../../src/store/dynamodb-tables.ts';
import type { PredictionStoreHarness } from '../contracts/prediction-store.contract.ts';
import { predictionStoreContract } from '../contracts/prediction-store.contract.ts';
import { expectSameAnswers } from '../contracts/same-answers.ts';

let emulator: Emulator;
let harness: PredictionStoreHarness;
let signed: PredictionStoreHarness;

beforeAll(async () => {
  emulator = await startEmulator();
  harness = {
    reader: createDynamoDbReader({ ...emulator.connection, maxSockets: 16 }),
    tables: createDynamoDbTables(emulator.connection),
  };
  signed = { ...harness, reader: createSignedReader({ ...emulator.connection, maxSockets: 16 }) };
});

afterAll(async () => {
  harness.reader.close();
  signed.reader.close();
  harness.tables.close();
  await emulator.close();
});

predictionStoreContract('dynalite', () => harness);
predictionStoreContract('dynalite-signed', () => signed);

it('answers signed requests for every user of the real data as it answers the AWS SDK', async () => {
  await expectSameAnswers('dynalite', harness, signed.reader);
});
