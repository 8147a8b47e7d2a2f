/**
 * Topshelf's input stage alone: `node bench/read-input.ts LIMIT_MB FILES` prints what it read, how long it took, and the
 * process's peak memory.
 */
import { tmpdir } from 'node:os';
import { readInput } from '../src/publishing/input/read-input.ts';

const print = (line: string) => process.stdout.write(`${line}\n`);
const [limitMb = '', ...paths] = process.argv.slice(2);
const startedAt = performance.now();
const input = await readInput(paths, {
  keep: 20,
  memoryLimitBytes: Number(limitMb) * 1024 * 1024,
  tempDir: tmpdir(),
  signal: new AbortController().signal,
});
const seconds = (performance.now() - startedAt) / 1000;
print(
  JSON.stringify({
    ...{ rows: input.rows, users: input.users, seconds, contentHash: input.contentHash },
    peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
await input.close();
