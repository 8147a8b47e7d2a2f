/**
 * What the gate costs: `node bench/gate.ts [USERS] [LIMIT_MB]` makes two versions of USERS users, 20 rows each, and
 * measures one against the other in a process of its own; prints its time, CPU and peak memory.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { measure } from '../src/publishing/check/measure.ts';
import { openWorkbench } from '../src/publishing/input/duckdb.ts';
import { readInput } from '../src/publishing/input/read-input.ts';
import { generatePredictions } from './generate-predictions.ts';

const MB = 1024 * 1024;
const print = (line: string) => process.stdout.write(`${line}\n`);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { measure: { type: 'string' } },
});
const [users = '100000', limitMb = '512'] = positionals;
const own = {
  memoryLimitBytes: Number(limitMb) * MB,
  tempDir: tmpdir(),
  signal: new AbortController().signal,
};

await (values.measure === undefined ? compare() : measureVersions(values.measure));

async function compare(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'topshelf-bench-'));
  try {
    for (const [seed, name] of ['live', 'candidate'].entries()) {
      await makeVersion(join(folder, name), seed + 1);
    }
    print(`node ${process.version}, ${availableParallelism()} cores; twice ${Number(users) * 20} rows`);
    const args = [import.meta.filename, users, limitMb, '--measure', folder];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    print(stdout.trim());
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function makeVersion(path: string, seed: number): Promise<void> {
  const files = await generatePredictions(path, Number(users), seed);
  const input = await readInput(files, { ...own, keep: 20 });
  const { parquetPath } = await input.toParquet();
  await copyFile(parquetPath, `${path}.parquet`);
  await input.close();
  await rm(path, { recursive: true });
}

async function measureVersions(folder: string): Promise<void> {
  const workbench = await openWorkbench(own);
  const subject = (name: string) => ({
    path: join(folder, `${name}.parquet`),
    ...{ users: Number(users), contentHash: name, generatedAt: '', generatedAtFrom: 'rows' as const },
  });
  const from = performance.now();
  const { candidate, baseline } = await measure(await workbench.connect(), {
    candidate: { ...subject('candidate'), popular: [] },
    live: subject('live'),
    hasCatalogue: false,
    signal: own.signal,
  });
  if (candidate.kind !== 'measured' || baseline.kind !== 'measured') {
    throw new Error(`not measured: ${JSON.stringify({ candidate, baseline })}`);
  }
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage();
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1024);
  print(
    `gate: ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of CPU, peak ${peakMb} MB, limit ${limitMb} MB`,
  );
  await workbench.close();
}
