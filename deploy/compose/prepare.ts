/**
 * `prepare.ts BUCKET HOST:PORT…` waits until each address is listened on, then makes the bucket: a publishing command
 * gives up on a store that is not there, and should. It runs in topshelf's image, with the settings of compose.yaml.
 */
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';

const PATIENCE_MS = 120_000;
const PAUSE_MS = 250;

const [bucket, ...addresses] = process.argv.slice(2);
const deadline = performance.now() + PATIENCE_MS;
for (const address of addresses) {
  while (!(await isListening(address))) {
    if (performance.now() > deadline)
      throw new Error(`nothing listens on ${address} after ${PATIENCE_MS / 1000} s`);
    await setTimeout(PAUSE_MS);
  }
}
const client = new S3Client({ forcePathStyle: true });
await client.send(new CreateBucketCommand({ Bucket: bucket })).catch((error: Error) => {
  if (error.name !== 'BucketAlreadyOwnedByYou') throw error;
});
client.destroy();

async function isListening(address: string): Promise<boolean> {
  const at = address.lastIndexOf(':');
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(Number(address.slice(at + 1)), address.slice(0, at), () => resolve(true));
  socket.on('error', () => resolve(false));
  const answer = await promise;
  socket.destroy();
  return answer;
}
