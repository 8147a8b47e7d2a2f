/**
 * How many items a second one core of the loader writes: `node bench/load.ts [--users 100000]`.
 * Against a stub that answers every BatchWriteItem at once, then dynalite, then DynamoDB Local where it is installed;
 * each in a process of its own, so that only the loader's CPU is counted. Compared with a plain loop over
 * DocumentClient, one batch after the other and eight at a time.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmulator } from '../src/demo/emulator.ts';
import { encodeItems, type StoredPrediction } from '../src/domain/prediction.ts';
import { createContentHash } from '../src/publishing/content-hash.ts';
import { fillTable } from '../src/publishing/fill-table.ts';
import { createDynamoDbTables } from '../src/store/dynamodb-tables.ts';
import { DEFINITIONS, missingFor } from '../test/services/servers.ts';

const { values } = parseArgs({
  options: { users: { type: 'string', default: '100000' }, serve: { type: 'string' } },
});
const users = Number(values.users);
const never = new AbortController().signal;

/** Twenty recommendations a user, as long as those of a real shop. */
async function* predictions(): AsyncGenerator<StoredPrediction> {
  for (let user = 0; user < users; user++) {
    const pairs = Array.from({ length: 20 }, (_, rank): [string, number] => [
      String(20_000 + ((user * 7 + rank * 131) % 50_000)),
      Math.round(1e6 / (rank + 2 + (user % 10))) / 1e6,
    ]);
    yield { userId: String(1_000_000 + user), items: encodeItems(pairs) };
  }
}

interface Target {
  readonly name: string;
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

type Writer = (connection: ReturnType<typeof connectionTo>, table: string) => Promise<void>;

const connectionTo = ({ endpoint }: Target) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
});

async function topshelf(connection: ReturnType<typeof connectionTo>, table: string): Promise<void> {
  const tables = createDynamoDbTables(connection);
  const input = { users, contentHash: await contentHash, predictions };
  const run = { runId: 'bench', version: '', table, generatedAt: '', isResumed: false };
  await fillTable(tables, run, input, undefined, () => undefined, never);
  tables.close();
}

/** What a script would do: batches of 25, `lanes` at a time. What is left unprocessed is not even looked at. */
const plain =
  (lanes: number): Writer =>
  async (connection, table) => {
    const client = new DynamoDBClient(connection);
    const documents = DynamoDBDocumentClient.from(client);
    const all = predictions();
    const lane = async () => {
      for (let batch = await take(all); batch.length > 0; batch = await take(all)) {
        const puts = batch.map((prediction) => ({ PutRequest: { Item: { ...prediction } } }));
        await documents.send(new BatchWriteCommand({ RequestItems: { [table]: puts } }));
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    client.destroy();
  };

async function take(all: AsyncGenerator<StoredPrediction>): Promise<StoredPrediction[]> {
  const batch: StoredPrediction[] = [];
  while (batch.length < 25) {
    const next = await all.next();
    if (next.done === true) break;
    batch.push(next.value);
  }
  return batch;
}

const WRITERS: Readonly<Record<string, Writer>> = {
  topshelf,
  'DocumentClient, 8 at a time': plain(8),
  'DocumentClient, one by one': plain(1),
};

const contentHash = (async () => {
  const hash = createContentHash();
  for await (const prediction of predictions()) hash.add(prediction);
  return hash.digest();
})();

/** Starts `stub` or `dynalite` in a process of its own. */
async function start(name: 'stub' | 'dynalite'): Promise<Target> {
  const child = spawn(process.execPath, [import.meta.filename, '--serve', name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const endpoint = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data: Buffer) => resolve(data.toString().trim()));
    child.once('exit', () => reject(new Error(`${name} ended before it listened`)));
  });
  return { name, endpoint, stop: async () => void child.kill('SIGKILL') };
}

async function startDynamoDbLocal(): Promise<Target | undefined> {
  const definition = DEFINITIONS.find(({ service }) => service === 'dynamodb');
  if (definition?.start === undefined || missingFor(definition).length > 0) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'topshelf-bench-'));
  const { server, env } = await definition.start(directory);
  const stop = async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  return { name: 'DynamoDB Local', endpoint: env.TOPSHELF_TEST_DYNAMODB ?? '', stop };
}

async function serve(name: string): Promise<void> {
  if (name === 'dynalite') {
    const { connection } = await startEmulator();
    process.stdout.write(`${connection.endpoint}\n`);
    return;
  }
  const body = '{"UnprocessedItems":{}}';
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'content-length': body.length };
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, headers).end(body));
  });
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
  });
}

async function measure(target: Target, name: string, write: Writer): Promise<void> {
  const connection = connectionTo(target);
  const table = `bench-${Date.now()}`;
  if (target.name !== 'stub') {
    const tables = createDynamoDbTables(connection);
    await tables.create(table, never);
    tables.close();
  }
  const before = process.cpuUsage();
  const from = performance.now();
  await write(connection, table);
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpu = user + system;
  const columns = [
    target.name.padEnd(15),
    name.padEnd(28),
    `${Math.round(users / seconds)}`.padStart(9),
    (cpu / users).toFixed(1).padStart(8),
    `${Math.round((users * 1e6) / cpu)}`.padStart(11),
  ];
  process.stdout.write(`${columns.join(' ')}\n`);
}

async function main(): Promise<void> {
  const [cpu] = cpus();
  process.stdout.write(`${users} users, Node ${process.version}, ${cpus().length} × ${cpu?.model}\n`);
  process.stdout.write(`${'into'.padEnd(15)} ${'writer'.padEnd(28)}   items/s   µs CPU  items/s/core\n`);
  // Code is compiled and connections are tried before anything counts.
  const warm = await start('stub');
  for (const write of Object.values(WRITERS)) await write(connectionTo(warm), 'warm-up');
  await warm.stop();
  for (const begin of [() => start('stub'), () => start('dynalite'), startDynamoDbLocal]) {
    const target = await begin();
    if (target === undefined) {
      process.stdout.write('DynamoDB Local is not installed: left out\n');
      continue;
    }
    try {
      for (const [name, write] of Object.entries(WRITERS)) await measure(target, name, write);
    } finally {
      await target.stop();
    }
  }
}

await (values.serve === undefined ? main() : serve(values.serve));
