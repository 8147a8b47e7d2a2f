/**
 * The peak memory of a whole publish, gate included, at two sizes: `node bench/publish-memory.ts [USERS] [LIMIT_MB]` for
 * USERS and twice as many, 20 rows each. Two batches are published one after the other, each in a process of its own, so
 * that the second one's gate has a live version to compare with; the second one's peak is the one that counts.
 */
import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { createFileArchive } from '../src/archive/file.ts';
import type { Seal } from '../src/domain/seal.ts';
import { createFilePointers } from '../src/pointer/file.ts';
import { contentLine } from '../src/publishing/content-hash.ts';
import { keptPredictions } from '../src/publishing/input/kept-predictions.ts';
import { publish } from '../src/publishing/publish.ts';
import { createMemoryStore } from '../src/store/memory.ts';
import type { PredictionTables } from '../src/store/prediction-tables.ts';
import { generatePredictions } from './generate-predictions.ts';

const MB = 1024 * 1024;
const LARGER = 2;
const PLACEMENT = 'home';
const print = (line: string) => process.stdout.write(`${line}\n`);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { publish: { type: 'string' } },
});
const [users = '1000000', limitMb = '512', ...files] = positionals;

await (values.publish === undefined ? compare() : publishOnce(values.publish));

async function compare(): Promise<void> {
  print(`node ${process.version}, ${availableParallelism()} cores, limit ${limitMb} MB`);
  const smaller = await peakAt(Number(users));
  const larger = await peakAt(Number(users) * LARGER);
  print(`${LARGER} times the rows take ${(larger / smaller).toFixed(3)} times the memory`);
}

async function peakAt(size: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'topshelf-bench-'));
  let peakMb = 0;
  try {
    for (const seed of [1, 2]) {
      const input = join(folder, 'input');
      const paths = await generatePredictions(input, size, seed);
      const args = [import.meta.filename, String(size), limitMb, ...paths, '--publish', folder];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      await rm(input, { recursive: true });
      peakMb = Number(stdout);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  print(`${size * 20} rows: a publish takes at most ${peakMb} MB`);
  return peakMb;
}

async function publishOnce(folder: string): Promise<void> {
  const context = {
    pointers: createFilePointers({ root: join(folder, 'pointer'), deadlineMs: 60_000 }),
    tables: await createFileTables(join(folder, 'table')),
    archive: createFileArchive({ root: join(folder, 'archive') }),
    ...{ tablePrefix: 'bench', memoryLimitBytes: Number(limitMb) * MB, tempDir: folder, actor: 'bench' },
    now: Date.now,
    close: async () => undefined,
  };
  // The generated batches have nothing in common, which no gate would let pass.
  const request = { placement: PLACEMENT, paths: files, reason: 'bench', override: 'generated' };
  await publish(context, request, () => undefined, new AbortController().signal);
  print(String(Math.round(process.resourceUsage().maxRSS / 1024)));
}

/** Tables that take no memory: their rows in one file, their seals in another, for the next process. */
async function createFileTables(path: string): Promise<PredictionTables> {
  const memory = createMemoryStore();
  const never = new AbortController().signal;
  const sealed = await readFile(`${path}.seal`, 'utf8').catch(() => undefined);
  if (sealed !== undefined) {
    const { table, seal } = JSON.parse(sealed) as { table: string; seal: Seal };
    await memory.create(table, never);
    await memory.seal(table, seal, never);
    await rm(path);
  }
  return {
    ...memory,
    async write(_table, predictions) {
      await appendFile(path, predictions.map(contentLine).join(''));
      return [];
    },
    async readBack(_table, userIds) {
      const wanted = new Set(userIds);
      const found = new Map<string, string>();
      for await (const { userId, items } of keptPredictions([path])) {
        if (wanted.has(userId)) found.set(userId, items);
      }
      return found;
    },
    async seal(table, seal, signal) {
      await memory.seal(table, seal, signal);
      await writeFile(`${path}.seal`, JSON.stringify({ table, seal }));
    },
  };
}
