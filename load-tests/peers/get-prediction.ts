import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';

export interface Prediction {
  readonly userId: string;
  readonly recommendations: readonly { readonly productId: string; readonly score: number }[];
}

/** Reads one user's first five products with DocumentClient, everything else left as it comes. */
export function createGet(): (userId: string) => Promise<Prediction | undefined> {
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const TableName = process.env.TABLE;
  return async (userId) => {
    const { Item } = await documents.send(new GetCommand({ TableName, Key: { userId } }));
    if (Item === undefined) return undefined;
    const pairs = JSON.parse(String(Item.items)) as [string, number][];
    const recommendations = pairs.slice(0, 5).map(([productId, score]) => ({ productId, score }));
    return { userId, recommendations };
  };
}
