import { StoreError } from '../domain/errors.ts';
import { SEAL_KEY } from '../domain/seal.ts';
import { toStoreError } from './dynamodb-errors.ts';
import { createDynamoDbHttp, type DynamoDbHttpOptions } from './dynamodb-http/client.ts';
import { toSeal, toUserRead, toUserReads, type StoredItem } from './dynamodb-item.ts';
import type { PredictionReader } from './prediction-reader.ts';

interface GetItemAnswer {
  readonly Item?: StoredItem;
}

interface BatchGetItemAnswer {
  readonly Responses?: Readonly<Record<string, readonly StoredItem[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys?: readonly StoredItem[] }>>;
}

/**
 * Reads predictions with requests that are written and signed here: the same answers as the AWS SDK's, at a tenth of
 * the CPU time. `createDynamoDbReader`, over the SDK, is what it is held against.
 */
export function createSignedReader(options: DynamoDbHttpOptions): PredictionReader {
  const http = createDynamoDbHttp(options);

  async function getItem(table: string, key: string, rest: string, signal: AbortSignal) {
    const body = `{"TableName":${JSON.stringify(table)},"Key":${keyOf(key)}${rest}}`;
    const answer = (await http.call('GetItem', body, signal)) as GetItemAnswer;
    if (answer.Item === undefined) expectNothingElse(answer, table);
    return answer;
  }

  return {
    async read(table, userIds, signal) {
      try {
        const [only] = userIds;
        if (userIds.length === 1 && only !== undefined) {
          const { Item } = await getItem(table, only, '', signal);
          return new Map([[only, toUserRead(Item, only, table)]]);
        }
        const keys = userIds.map(keyOf).join(',');
        const body = `{"RequestItems":{${JSON.stringify(table)}:{"Keys":[${keys}]}}}`;
        const answer = (await http.call('BatchGetItem', body, signal)) as BatchGetItemAnswer;
        const unprocessed = answer.UnprocessedKeys?.[table]?.Keys ?? [];
        return toUserReads(userIds, answer.Responses?.[table], unprocessed, table);
      } catch (error) {
        throw toStoreError(error, 'a read', table);
      }
    },

    async readSeal(table, signal) {
      try {
        const { Item } = await getItem(table, SEAL_KEY, ',"ConsistentRead":true', signal);
        return toSeal(Item, table);
      } catch (error) {
        throw toStoreError(error, 'a read', table);
      }
    },

    close: () => http.close(),
  };
}

/**
 * Throws StoreError for an answer that is not DynamoDB's way to say that there is no such item: whoever sent that, a
 * user must not pass for unknown by it.
 */
function expectNothingElse(answer: unknown, table: string): void {
  const isNothing =
    typeof answer === 'object' &&
    !Array.isArray(answer) &&
    Object.keys(answer ?? {}).every((field) => field === 'ConsumedCapacity');
  if (!isNothing)
    throw new StoreError(`a read of table ${table} was answered with neither an item nor nothing`);
}

function keyOf(userId: string): string {
  return `{"userId":{"S":${JSON.stringify(userId)}}}`;
}
