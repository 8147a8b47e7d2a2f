import {
  DescribeTableCommand,
  DynamoDBClient,
  ListTagsOfResourceCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryArchive } from '../../src/archive/memory.ts';
import { createS3Archive } from '../../src/archive/s3.ts';
import type { PublisherContext } from '../../src/publishing/context.ts';
import type { ImportParts } from '../../src/publishing/import-table/import-parts.ts';
import type { LoadRequest } from '../../src/publishing/load-request.ts';
import { load } from '../../src/publishing/load.ts';
import type { ProgressEvent } from '../../src/publishing/progress.ts';
import { createDynamoDbImporter } from '../../src/store/dynamodb-importer.ts';
import { createDynamoDbTables } from '../../src/store/dynamodb-tables.ts';
import { batch, createFolder, createPublisher, csv, never } from '../publishing/fixtures.ts';
import { topshelf } from '../support/program.ts';
import { serviceEndpoints } from './endpoints.ts';

const bucket = 'topshelf-imports';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const region = 'us-east-1';
let endpoint: string;
let folder: Awaited<ReturnType<typeof createFolder>>;
let client: DynamoDBClient;
let s3: S3Client;
let parts: ImportParts;
let context: PublisherContext;

beforeAll(async () => {
  endpoint = serviceEndpoints().moto;
  folder = await createFolder();
  const connection = { endpoint, region, credentials };
  client = new DynamoDBClient(connection);
  s3 = new S3Client({ ...connection, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  parts = {
    importer: createDynamoDbImporter(connection),
    objects: createS3Archive({ bucket, prefix: 'staging', ...connection, forcePathStyle: true }),
    ...{ bucket, prefix: 'staging', pollMs: 50 },
  };
  context = { ...createPublisher(), tables: createDynamoDbTables(connection) };
});
afterAll(async () => {
  parts.importer.close();
  parts.objects.close();
  context.tables.close();
  client.destroy();
  s3.destroy();
  await folder.remove();
});

const run = (request: Partial<LoadRequest> & Pick<LoadRequest, 'paths'>, events: ProgressEvent[] = []) =>
  load(
    { ...context },
    { placement: 'home', importParts: parts, ...request },
    (event) => events.push(event),
    never,
  );

const write = (request: Pick<LoadRequest, 'paths' | 'tableOptions'>) =>
  load(context, { placement: 'home', ...request }, () => undefined, never);

async function itemsOf(table: string): Promise<Map<string, string>> {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
  const users = Items.filter(({ userId }) => !userId?.S?.startsWith('#'));
  return new Map(users.map(({ userId, items }) => [userId?.S ?? '', items?.S ?? '']));
}

describe('the engine import-table', () => {
  it('makes the very table that writing makes, whatever characters are in it, and seals it', async () => {
    const odd = csv([
      ['naïve "é" 漢字', 'a"b\\c', 0.1],
      ['back\\slash', "it's, {x}: [1]", 1e-7],
      ['😀', '85123A', 0.5],
    ]);
    const path = await folder.file(batch(60));
    const events: ProgressEvent[] = [];
    const paths = [path, await folder.file(odd)];
    const imported = await run({ paths }, events);
    const written = await write({ paths });
    expect(imported.seal).toEqual({ ...written.seal, version: imported.version });
    expect(await itemsOf(imported.table)).toEqual(await itemsOf(written.table));
    expect(await context.tables.readSeal(imported.table, never)).toEqual(imported.seal);
    expect(imported.manifest).toMatchObject({ engine: 'import-table', readBack: { users: 63, equal: true } });
    expect(events.findLast(({ kind }) => kind === 'imported')).toEqual({
      kind: 'imported',
      users: 63,
      of: 63,
    });
  });

  it('puts the items, sorted and gzipped, under a prefix of the version’s own', async () => {
    const { version } = await run({ paths: [await folder.file(batch(30))] });
    const listed = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: `staging/home/${version}/` }),
    );
    expect(listed.Contents?.map(({ Key }) => Key)).toEqual([`staging/home/${version}/part-00001.json.gz`]);
    const object = await parts.objects.get(`home/${version}/part-00001.json.gz`, never);
    const lines = gunzipSync(object ?? '')
      .toString()
      .trimEnd()
      .split('\n');
    const users = lines.map(
      (line) => (JSON.parse(line) as { Item: { userId: { S: string } } }).Item.userId.S,
    );
    expect(users).toHaveLength(30);
    expect(users).toEqual(users.toSorted());
  });

  it('gives the table its tags, protection and warm throughput after the import, which takes none', async () => {
    const tableOptions = {
      warm: { reads: 13_000, writes: 5_000 },
      tags: { team: 'search' },
      deletionProtection: true,
    };
    const { table, version } = await run({ paths: [await folder.file(batch(3))], tableOptions });
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    expect(Table).toMatchObject({
      DeletionProtectionEnabled: true,
      WarmThroughput: { ReadUnitsPerSecond: 13_000, WriteUnitsPerSecond: 5_000, Status: 'ACTIVE' },
    });
    const { Tags } = await client.send(new ListTagsOfResourceCommand({ ResourceArn: Table?.TableArn }));
    expect(new Map(Tags?.map(({ Key, Value }) => [Key, Value]))).toEqual(
      new Map([
        ['topshelf:placement', 'home'],
        ['topshelf:version', version],
        ['team', 'search'],
      ]),
    );
  });

  it('does not seal what an import left incomplete, and a named run imports it again', async () => {
    const paths = [await folder.file(batch(40))];
    const runId = 'incomplete';
    // One object that is no batch of this run in place of its own: an item without the table's key.
    const spoiling: ImportParts = {
      ...parts,
      importer: {
        ...parts.importer,
        async start(table, source, ...rest) {
          const Body = gzipSync('{"Item":{"nobody":{"S":"x"}}}\n');
          await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'spoilt/part-1.json.gz', Body }));
          return parts.importer.start(table, { ...source, prefix: 'spoilt/' }, ...rest);
        },
      },
    };
    const tables = () => context.tables.list('topshelf-home-', never);
    const before = await tables();
    await expect(run({ paths, runId, importParts: spoiling })).rejects.toThrow(
      /failed: 0 of 40 items were taken, 1 refused.*stays without a seal/,
    );
    const [table = ''] = (await tables()).filter((name) => !before.includes(name));
    expect(await context.tables.readSeal(table, never)).toBeNull();
    const again = await run({ paths, runId });
    expect(again.table).toBe(table);
    expect((await itemsOf(table)).size).toBe(40);
    expect(await context.tables.readSeal(table, never)).toEqual(again.seal);
  });

  it('does not seal a table of fewer items than were uploaded', async () => {
    const losing = {
      ...parts,
      objects: { ...parts.objects, putOnce: () => Promise.resolve('exists' as const) },
    };
    await expect(run({ paths: [await folder.file(batch(4))], importParts: losing })).rejects.toThrow(
      /completed: 0 of 4 items were taken, 0 refused/,
    );
  });

  it('follows the import that a killed process of the same run began, and starts no other', async () => {
    const paths = [await folder.file(batch(50))];
    let started = 0;
    const counting: ImportParts = {
      ...parts,
      importer: {
        ...parts.importer,
        start(...given) {
          started += 1;
          return parts.importer.start(...given);
        },
      },
    };
    const dying = {
      ...counting,
      importer: { ...counting.importer, describe: () => Promise.reject(new Error('killed')) },
    };
    await expect(run({ paths, runId: 'killed', importParts: dying })).rejects.toThrow('killed');
    const { table } = await run({ paths, runId: 'killed', importParts: counting });
    expect(started).toBe(1);
    expect((await itemsOf(table)).size).toBe(50);
  });

  it('begins anew where a process died before it could note which import it began', async () => {
    const paths = [await folder.file(batch(50, 1))];
    const archive = createMemoryArchive();
    const forgetting = {
      ...archive,
      putOnce: async (key: string, body: Uint8Array | string) => {
        if (key.includes('/import-')) throw new Error('killed');
        return archive.putOnce(key, body, never);
      },
    };
    const request = { placement: 'home', paths, runId: 'forgotten', importParts: parts };
    await expect(load({ ...context, archive: forgetting }, request, () => undefined, never)).rejects.toThrow(
      'killed',
    );
    const { table, seal } = await load({ ...context, archive }, request, () => undefined, never);
    expect((await itemsOf(table)).size).toBe(50);
    expect(await context.tables.readSeal(table, never)).toEqual(seal);
  });

  it('is a flag of the commands', async () => {
    const environment = {
      ...{
        AWS_ENDPOINT_URL: endpoint,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      },
      ...{
        TOPSHELF_POINTER: `file://${folder.path}/pointers`,
        TOPSHELF_ARCHIVE: `file://${folder.path}/archive`,
      },
      TOPSHELF_S3_PATH_STYLE: 'true',
    };
    const path = await folder.file(batch(25));
    const flags = ['--engine', 'import-table', '--import-bucket', `s3://${bucket}/from-cli`];
    const published = await topshelf({ environment }, 'publish', path, '--placement', 'cart', ...flags);
    expect(published).toMatchObject({
      placement: 'cart',
      epoch: 1,
      loaded: { users: 25, engine: 'import-table' },
    });
    expect((await itemsOf(String(published.table))).size).toBe(25);
  });
});

describe('a table that is written', () => {
  it('is born with its tags, protection and warm throughput', async () => {
    const tableOptions = { warm: { writes: 6_000 }, tags: { team: 'search' }, deletionProtection: true };
    const { table } = await run({
      paths: [await folder.file(batch(3))],
      importParts: undefined,
      tableOptions,
    } as never);
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    expect(Table).toMatchObject({
      DeletionProtectionEnabled: true,
      WarmThroughput: { WriteUnitsPerSecond: 6_000 },
    });
    // Protection is there for slips of a hand: what was decided ends it first.
    await context.tables.delete(table, never);
    expect(await context.tables.describe(table, never)).toBeNull();
  });
});
