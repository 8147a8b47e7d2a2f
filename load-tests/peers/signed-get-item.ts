/**
 * A GetItem and nothing else: signed by hand, sent over one connection, its text parsed. `GET /run?seconds=5` does it one
 * after the other for so long and answers with the latencies. What a service adds to it is what the service costs.
 */
import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { Pool } from 'undici';
import { createSequence, userIdOf } from '../draw.ts';
import { tellAddress } from './answer.ts';

const { AWS_ENDPOINT_URL_DYNAMODB = '', AWS_REGION = '', TABLE = '' } = process.env;
const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = process.env;
const TARGET = 'DynamoDB_20120810.GetItem';
const TYPE = 'application/x-amz-json-1.0';
const SIGNED = 'content-type;host;x-amz-date;x-amz-target';
const pool = new Pool(AWS_ENDPOINT_URL_DYNAMODB, { connections: 1 });
const { host } = new URL(AWS_ENDPOINT_URL_DYNAMODB);
const nextUser = createSequence(10_000_000);

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest();
const keys = new Map<string, Buffer>();

/** A day's signing key, derived once. */
function signingKey(day: string): Buffer {
  const known = keys.get(day);
  if (known !== undefined) return known;
  const key = [day, AWS_REGION, 'dynamodb', 'aws4_request'].reduce<Buffer | string>(
    hmac,
    `AWS4${AWS_SECRET_ACCESS_KEY}`,
  ) as Buffer;
  keys.set(day, key);
  return key;
}

/** Headers of a request with this body, by Signature Version 4. */
function signedHeaders(body: string): Record<string, string> {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/${AWS_REGION}/dynamodb/aws4_request`;
  const canonical =
    `POST\n/\n\ncontent-type:${TYPE}\nhost:${host}\nx-amz-date:${time}\nx-amz-target:${TARGET}\n\n` +
    `${SIGNED}\n${sha256(body)}`;
  const signature = hmac(
    signingKey(time.slice(0, 8)),
    `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`,
  ).toString('hex');
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/${scope}, ` +
    `SignedHeaders=${SIGNED}, Signature=${signature}`;
  return { 'content-type': TYPE, 'x-amz-date': time, 'x-amz-target': TARGET, authorization };
}

async function getItem(): Promise<unknown> {
  const body = JSON.stringify({ TableName: TABLE, Key: { userId: { S: userIdOf(nextUser()) } } });
  const answer = await pool.request({ path: '/', method: 'POST', headers: signedHeaders(body), body });
  return answer.body.json();
}

/** Latencies of reads one after the other, in milliseconds. */
async function run(seconds: number): Promise<{ p50: number; p99: number; requests: number }> {
  const histogram = createHistogram();
  const end = performance.now() + seconds * 1000;
  for (let from = performance.now(); from < end; from = performance.now()) {
    await getItem();
    histogram.record(Math.max(1, Math.round((performance.now() - from) * 1e6)));
  }
  return {
    p50: histogram.percentile(50) / 1e6,
    p99: histogram.percentile(99) / 1e6,
    requests: histogram.count,
  };
}

const server = createServer((request, response) => {
  const seconds = Number(new URL(request.url ?? '/', 'http://peer').searchParams.get('seconds'));
  void run(seconds).then(
    (latencies) => response.end(JSON.stringify(latencies)),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
server.listen(0, '127.0.0.1', () => {
  tellAddress(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
