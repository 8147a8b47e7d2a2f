import { randomUUID } from 'node:crypto';
import { createS3Archive } from '../../src/archive/s3.ts';
import { archiveContract } from '../contracts/archive.contract.ts';
import { serviceEndpoints } from './endpoints.ts';

archiveContract('S3', async () => {
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = serviceEndpoints().s3;
  // A prefix of its own is an archive of its own: what other tests left is not in it.
  const prefix = `archive-${randomUUID()}`;
  const credentials = { accessKeyId, secretAccessKey };
  return createS3Archive({ bucket, prefix, endpoint, region, forcePathStyle: true, credentials });
});
