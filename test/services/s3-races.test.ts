import { randomUUID } from 'node:crypto';
import { createS3Pointers } from '../../src/pointer/s3.ts';
import { describeDelayedPublishers } from '../contracts/delayed-publishers.ts';
import { describeFrozenPublisher } from '../contracts/frozen-publisher.ts';
import { describePropagation } from '../contracts/propagation.ts';
import { describeRaces } from '../contracts/races.ts';
import { serviceEndpoints } from './endpoints.ts';

function start() {
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = serviceEndpoints().s3;
  const credentials = { accessKeyId, secretAccessKey };
  const prefix = `races/${randomUUID()}`;
  // Fifty writers at once on one small machine: what is tested is who wins, not how fast.
  const deadlineMs = 60_000;
  return () =>
    createS3Pointers({ bucket, prefix, endpoint, region, credentials, forcePathStyle: true, deadlineMs });
}

describeRaces('S3', start);
describeDelayedPublishers('S3', start);
describePropagation('S3', start);

describeFrozenPublisher('S3', () => {
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = serviceEndpoints().s3;
  return {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    TOPSHELF_S3_PATH_STYLE: 'true',
    TOPSHELF_POINTER: `s3://${bucket}/frozen/${randomUUID()}`,
  };
});
