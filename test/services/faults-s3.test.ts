import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordFigure } from '../support/figures.ts';
import { scrapeOf, total } from '../support/scrape.ts';
import { connectionsTo } from './connections.ts';
import { serviceEndpoints } from './endpoints.ts';
import { openFaultShop, type FaultShop } from './fault-shop.ts';
import { openToxicProxy, type ToxicProxy } from './toxiproxy.ts';
import { startTruncatingProxy } from './truncating-proxy.ts';
import { watchServer, type WatchedServer } from './watched-server.ts';

const OUTAGE_MS = Number(process.env.TOPSHELF_TEST_FAULT_SECONDS ?? 4) * 1000;
/** After an outage, until a version that was activated in it is served. */
const ADOPTED = { timeout: 30_000, interval: 100 };

let shop: FaultShop;
let proxy: ToxicProxy;
/** A bucket of the pointers' own, which can go. */
const bucket = `pointers-${randomUUID()}`;
let client: S3Client;

beforeAll(async () => {
  const { endpoint, region, accessKeyId, secretAccessKey } = serviceEndpoints().s3;
  const credentials = { accessKeyId, secretAccessKey };
  client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  shop = await openFaultShop(`s3://${bucket}/pointers`);
  proxy = await openToxicProxy(endpoint.replace('http://', ''));
});
afterAll(async () => {
  await proxy.remove();
  await shop.close();
  client.destroy();
});

async function liveOn(server: WatchedServer): Promise<string> {
  const status = (await (await fetch(`${server.ops}/status`)).json()) as {
    placements: { version: string }[];
  };
  return status.placements[0]?.version ?? '';
}
/** The version that is not live. */
const otherThan = (version: string) => shop.versions.find((each) => each !== version) ?? '';
const errorsOf = async (server: WatchedServer) =>
  total(await scrapeOf(server), 'topshelf_pointer_read_errors_total');
const lastReadOf = async (server: WatchedServer) =>
  total(await scrapeOf(server), 'topshelf_pointer_last_read_timestamp_seconds');

describe('with the pointer store in S3', () => {
  it.each<[string, number, () => Promise<void>]>([
    ['refusing connections', 1, () => proxy.disable()],
    ['too slow', 2, () => proxy.add({ type: 'latency', attributes: { latency: 3500 } })],
    ['answering nothing any more', 3, () => proxy.add({ type: 'timeout', attributes: { timeout: 0 } })],
    [
      'reached by no request, on connections that seem open',
      4,
      () => proxy.add({ type: 'timeout', attributes: { timeout: 0 } }, 'upstream'),
    ],
    ['resetting connections', 5, () => proxy.add({ type: 'reset_peer', attributes: { timeout: 0 } })],
    [
      'breaking off in the midst of answers',
      6,
      () => proxy.add({ type: 'limit_data', attributes: { bytes: 400 } }),
    ],
  ])(
    '%s: nothing changes for callers, and what was activated meanwhile is adopted after it',
    { timeout: 120_000 },
    async (name, seed, on) => {
      const server = await watchServer(shop, { AWS_ENDPOINT_URL_S3: `http://${proxy.address}` }, { seed });
      try {
        await server.recovers();
        const before = await liveOn(server);
        await on();
        const since = performance.now();
        const next = otherThan(before);
        await shop.activate(next);
        await expect.poll(() => errorsOf(server), { timeout: 10_000 }).toBeGreaterThan(0);
        const lastRead = await lastReadOf(server);
        await pause(OUTAGE_MS);
        expect(await lastReadOf(server)).toBe(lastRead);
        expect(server.versionsSince(since)).toEqual([before]);
        expect((await fetch(`${server.ops}/readyz`)).status).toBe(200);

        await proxy.clear();
        await proxy.enable();
        const endedAt = performance.now();
        await expect.poll(() => liveOn(server), ADOPTED).toBe(next);
        const adoptedMs = performance.now() - endedAt;
        // It is live as soon as /status says so; the load's next answer comes after that.
        await expect.poll(() => server.versionsSince(0).sort(), ADOPTED).toEqual([before, next].sort());
        const { tried, result } = await server.check();
        // One client of the SDK, which asks one thing at a time.
        expect(await connectionsTo(server.pid, proxy.address)).toBeLessThanOrEqual(2);
        recordFigure(11, {
          test: `S3 ${name}`,
          tried,
          result: `${result}; adopted ${Math.round(adoptedMs)} ms after it`,
        });
      } finally {
        await proxy.clear();
        await proxy.enable();
        await server.end();
      }
    },
  );

  it(
    'handing on half a pointer under its ETag: it is refused once, and adopted when it is whole',
    { timeout: 60_000 },
    async () => {
      const half = await startTruncatingProxy(serviceEndpoints().s3.endpoint);
      const server = await watchServer(shop, { AWS_ENDPOINT_URL_S3: half.endpoint }, { seed: 7 });
      try {
        await server.recovers();
        const before = await liveOn(server);
        const next = otherThan(before);
        half.isTruncating = true;
        await shop.activate(next);
        const malformed = async () =>
          total(await scrapeOf(server), 'topshelf_pointer_rejections_total', 'reason="malformed"');
        await expect.poll(malformed, { timeout: 10_000 }).toBe(1);
        await pause(2000);
        expect(await malformed()).toBe(1);
        expect(await liveOn(server)).toBe(before);

        half.isTruncating = false;
        await expect.poll(() => liveOn(server), ADOPTED).toBe(next);
        await server.check();
      } finally {
        await server.end();
        await half.close();
      }
    },
  );

  it(
    'without its bucket: nothing changes for callers, and a bucket made anew is followed',
    { timeout: 90_000 },
    async () => {
      const server = await watchServer(shop, {}, { seed: 8 });
      try {
        await server.recovers();
        const before = await liveOn(server);
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
        for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
        await client.send(new DeleteBucketCommand({ Bucket: bucket }));
        const since = performance.now();
        await expect.poll(() => errorsOf(server), { timeout: 10_000 }).toBeGreaterThan(1);
        await pause(OUTAGE_MS / 2);
        expect(server.versionsSince(since)).toEqual([before]);

        await client.send(new CreateBucketCommand({ Bucket: bucket }));
        const next = otherThan(before);
        // Its epoch follows that of the archive's last record: a server accepts no lower one.
        await shop.activate(next);
        await expect.poll(() => liveOn(server), ADOPTED).toBe(next);
        const { tried, result } = await server.check();
        recordFigure(11, { test: 'the pointers’ bucket is deleted and made anew', tried, result });
      } finally {
        await server.end();
      }
    },
  );
});
