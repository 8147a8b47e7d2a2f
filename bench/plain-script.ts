/**
 * What one writes in an afternoon, to compare with: csv-parse, a Map of users, sort, JSON, DocumentClient batches. It
 * holds everything in memory and checks nothing. The batches go to a handler that answers at once, so that only the
 * client's own work counts. `node bench/plain-script.ts FILES` prints what it did and how long it took.
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { parse } from 'csv-parse';

const print = (line: string) => process.stdout.write(`${line}\n`);
const KEEP = 20;
const BATCH = 25;
const startedAt = performance.now();
const seconds = () => (performance.now() - startedAt) / 1000;

const users = new Map<string, { productId: string; score: number }[]>();
let rows = 0;
for (const path of process.argv.slice(2)) {
  const records = createReadStream(path)
    .pipe(createGunzip())
    .pipe(parse({ columns: true }));
  for await (const { ENTITY, CLASS, SCORE } of records as AsyncIterable<Record<string, string>>) {
    const own = users.get(ENTITY!);
    const row = { productId: CLASS!, score: Number(SCORE) };
    if (own === undefined) users.set(ENTITY!, [row]);
    else own.push(row);
    rows += 1;
  }
}
const items: { userId: string; items: string }[] = [];
for (const [userId, own] of users) {
  own.sort((a, b) => b.score - a.score);
  const pairs = own.slice(0, KEEP).map(({ productId, score }) => [productId, score]);
  items.push({ userId, items: JSON.stringify(pairs) });
}
const readSeconds = seconds();

const client = DynamoDBDocumentClient.from(
  new DynamoDBClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    requestHandler: {
      handle: async () => ({ response: { statusCode: 200, headers: {}, body: Buffer.from('{}') } }),
    },
  }),
);
for (let at = 0; at < items.length; at += BATCH) {
  const requests = items.slice(at, at + BATCH).map((Item) => ({ PutRequest: { Item } }));
  await client.send(new BatchWriteCommand({ RequestItems: { predictions: requests } }));
}
print(
  JSON.stringify({
    ...{ rows, users: users.size, readSeconds, seconds: seconds() },
    peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
