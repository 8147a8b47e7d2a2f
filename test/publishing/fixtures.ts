import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createMemoryArchive } from '../../src/archive/memory.ts';
import { createMemoryPointers, type MemoryPointers } from '../../src/pointer/memory.ts';
import type { PublisherContext } from '../../src/publishing/context.ts';
import { readInput, type Input, type InputOptions } from '../../src/publishing/input/read-input.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory.ts';

export const never = new AbortController().signal;

/** A folder for a test's files, removed by `remove`. */
export async function createFolder() {
  const path = await mkdtemp(join(tmpdir(), 'topshelf-test-'));
  let files = 0;
  return {
    path,
    /** Writes a file and returns its path. */
    async file(content: string | Uint8Array, name = `input-${++files}.csv`): Promise<string> {
      const target = join(path, name);
      await writeFile(target, content);
      return target;
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** CSV text of rows under the usual header. */
export function csv(rows: readonly (readonly (string | number)[])[], header = 'ENTITY,CLASS,SCORE'): string {
  return [header, ...rows.map((row) => row.map(field).join(','))].map((line) => `${line}\n`).join('');
}

function field(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * `users` users with six products each. The sixth differs with `seed`, so that the content does, and the first five do
 * not, as from day to day: the gate lets them follow each other in any order.
 */
export function batch(users: number, seed = 0): string {
  const rows = Array.from({ length: users * 6 }, (_, at) => {
    const user = Math.floor(at / 6);
    const product = at % 6 < 5 ? `product-${(user + at) % 9}` : `sixth-${seed}`;
    return [`user-${user}`, product, 1 / (1 + (at % 6))];
  });
  return csv(rows);
}

export const gzip = (text: string | Uint8Array): Buffer => gzipSync(text);

/** Reads files and hands the batch to `use`, closing it afterwards. */
export async function withInput<T>(
  paths: readonly string[],
  use: (input: Input) => Promise<T> | T,
  options: Partial<InputOptions> = {},
): Promise<T> {
  const input = await readInput(paths, { ...inputOptions, ...options });
  try {
    return await use(input);
  } finally {
    await input.close();
  }
}

const inputOptions: InputOptions = {
  keep: 20,
  memoryLimitBytes: 256 * 1024 * 1024,
  tempDir: tmpdir(),
  signal: never,
  // Only tests that look at it want it kept.
  rejectsPath: '/dev/null',
};

export interface TestPublisher extends PublisherContext {
  readonly pointers: MemoryPointers;
  readonly tables: MemoryStore;
  /** Moves the clock. */
  advance(ms: number): void;
}

/** Publishing over adapters in memory; each look at the clock is a second later than the one before. */
export function createPublisher(): TestPublisher {
  let time = Date.parse('2026-11-21T03:15:00Z');
  return {
    pointers: createMemoryPointers(),
    tables: createMemoryStore(),
    archive: createMemoryArchive(),
    tablePrefix: 'topshelf',
    memoryLimitBytes: 256 * 1024 * 1024,
    tempDir: tmpdir(),
    actor: 'ada@shop',
    now: () => (time += 1000),
    advance: (ms) => void (time += ms),
    close: async () => undefined,
  };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
