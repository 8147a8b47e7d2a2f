import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BadInputError, UnreachableError } from '../../src/domain/errors.ts';
import { createS3Files } from '../../src/publishing/input/s3-files.ts';
import { collect, createFolder, csv, gzip, never, withInput } from '../publishing/fixtures.ts';
import { serviceEndpoints } from './endpoints.ts';

const { endpoint, bucket, region, accessKeyId, secretAccessKey } = serviceEndpoints().s3;
const connection = { endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } };
const hand = new S3Client(connection);
const prefix = `input-${randomUUID()}`;
const url = (name: string) => `s3://${bucket}/${prefix}/${name}`;
const put = (name: string, content: string | Uint8Array) =>
  hand.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/${name}`, Body: Buffer.from(content) }));
const openRemoteFiles = async () => createS3Files(connection);

let folder: Awaited<ReturnType<typeof createFolder>>;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(async () => {
  hand.destroy();
  await folder.remove();
});

it('reads every file below a prefix, names them by their URLs, and leaves no copy behind', async () => {
  await put('day/a.csv', csv([['u', 'a', 1]]));
  await put('day/b.csv.gz', gzip(csv([['u', 'b', 2]])));
  await put('day/_SUCCESS', '');
  await put('day-before/c.csv', csv([['v', 'c', 3]]));
  const fetched: string[] = [];
  const tempDir = join(folder.path, 'copies');
  const startedAt = Date.now();
  await withInput(
    [url('day')],
    async (input) => {
      expect(await collect(input.predictions())).toEqual([{ userId: 'u', items: '[["b",2],["a",1]]' }]);
      expect(input.files.map(({ path }) => path)).toEqual([url('day/a.csv'), url('day/b.csv.gz')]);
      // The store's own time of the newest object, in whole seconds.
      expect(Math.abs(Date.parse(input.generatedAt) - startedAt)).toBeLessThan(10_000);
    },
    { openRemoteFiles, tempDir, onFetch: (path) => void fetched.push(path) },
  );
  expect(fetched).toEqual([url('day/a.csv'), url('day/b.csv.gz')]);
  const { readdir } = await import('node:fs/promises');
  expect(await readdir(tempDir)).toEqual([]);
});

it('refuses an object that changes or goes between the listing and the copy', async () => {
  const files = createS3Files(connection);
  const path = join(folder.path, 'copy');
  await put('changing.csv', 'one');
  const [listed] = await files.list(url('changing.csv'), never);
  await files.fetch(listed!, path, never);
  expect(await readFile(path, 'utf8')).toBe('one');
  await put('changing.csv', 'another');
  await expect(files.fetch(listed!, path, never)).rejects.toBeInstanceOf(BadInputError);
  await hand.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${prefix}/changing.csv` }));
  await expect(files.fetch(listed!, path, never)).rejects.toThrow('changed after it was listed');
  files.close();
});

it('refuses a copy that is not as long as the listing says', async () => {
  const files = createS3Files(connection);
  await put('short.csv', 'three');
  const [listed] = await files.list(url('short.csv'), never);
  const fetching = files.fetch({ ...listed!, bytes: 6 }, join(folder.path, 'short'), never);
  await expect(fetching).rejects.toThrow('5 of 6 bytes came');
  files.close();
});

it('says what cannot be reached, and what does not exist', async () => {
  const away = createS3Files({ ...connection, endpoint: 'http://127.0.0.1:1' });
  await expect(away.list(url('day'), never)).rejects.toBeInstanceOf(UnreachableError);
  away.close();
  await expect(withInput([url('none')], () => 0, { openRemoteFiles })).rejects.toThrow('no object is named');
  await expect(withInput(['s3://'], () => 0, { openRemoteFiles })).rejects.toThrow('names no bucket');
});

it('lists more objects than one answer holds, in the order of their bytes', async () => {
  const names = Array.from({ length: 1003 }, (_, at) => `many/${String(at).padStart(4, '0')}`);
  for (let at = 0; at < names.length; at += 50) {
    await Promise.all(names.slice(at, at + 50).map((name) => put(name, '')));
  }
  const files = createS3Files(connection);
  expect((await files.list(url('many/'), never)).map((file) => file.url)).toEqual(names.map(url));
  files.close();
});
