import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createS3Pointers } from '../../src/pointer/s3.ts';
import { describePointerContract } from '../contracts/pointer.contract.ts';
import { startTcpProxy } from '../pointer/tcp-proxy.ts';
import { serviceEndpoints } from './endpoints.ts';

const DEADLINE_MS = 2_000;

describePointerContract('S3 (real server)', {
  deadlineMs: DEADLINE_MS,
  cannot: { hint: 'S3 does not tell of changes' },
  async start() {
    const { endpoint, bucket, region, accessKeyId, secretAccessKey } = serviceEndpoints().s3;
    const credentials = { accessKeyId, secretAccessKey };
    const proxy = await startTcpProxy(new URL(endpoint).host);
    const hand = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    const prefix = `contract/${randomUUID()}`;
    const objectOf = (placement: string) => ({ Bucket: bucket, Key: `${prefix}/${placement}/pointer.json` });
    return {
      open: () =>
        createS3Pointers({
          ...{ bucket, prefix, region, credentials, forcePathStyle: true, deadlineMs: DEADLINE_MS },
          endpoint: `http://127.0.0.1:${proxy.port}`,
        }),
      async putRaw(placement, content) {
        await hand.send(new PutObjectCommand({ ...objectOf(placement), Body: content }));
      },
      async remove(placement) {
        await hand.send(new DeleteObjectCommand(objectOf(placement)));
      },
      break: () => proxy.hang(),
      mend: () => proxy.mend(),
      loseNextReply: () => proxy.loseReplyTo('"writeId"'),
      loseHints: () => undefined,
      async release() {
        hand.destroy();
        await proxy.close();
      },
    };
  },
});
