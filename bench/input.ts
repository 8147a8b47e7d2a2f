/**
 * Compares topshelf's input stage with a plain script on the same files, alternately, each in a process of its own:
 * `node bench/input.ts [USERS] [LIMIT_MB] [ROUNDS]`. With ROUNDS 0 topshelf runs alone, once, for its memory.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generatePredictions } from './generate-predictions.ts';

interface Measured {
  readonly rows: number;
  readonly seconds: number;
  readonly readSeconds?: number;
  readonly peakMb: number;
}

const print = (line: string) => process.stdout.write(`${line}\n`);
const [users = '100000', limitMb = '512', rounds = '2'] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'topshelf-bench-'));
try {
  const files = await generatePredictions(folder, Number(users));
  print(
    `node ${process.version}, ${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown processor'}`,
  );
  print(
    `${Number(users)} users, ${Number(users) * 20} rows in ${files.length} gzip files, limit ${limitMb} MB`,
  );
  await compare(files);
} finally {
  await rm(folder, { recursive: true });
}

async function compare(files: readonly string[]): Promise<void> {
  const topshelf: number[] = [];
  const plain: number[] = [];
  const plainReading: number[] = [];
  for (let round = 0; round < Math.max(1, Number(rounds)); round++) {
    topshelf.push(report('topshelf, input stage', await run('read-input.ts', [limitMb, ...files])));
    if (rounds === '0') return;
    const other = await run('plain-script.ts', files);
    plain.push(report('plain script', other));
    plainReading.push(other.rows / (other.readSeconds ?? other.seconds));
  }
  const ratio = (of: readonly number[]) => (Math.max(...topshelf) / Math.max(...of)).toFixed(2);
  print(
    `best against best: ${ratio(plain)} times the plain script, ${ratio(plainReading)} times its reading alone`,
  );
}

function report(name: string, { rows, seconds, readSeconds, peakMb }: Measured): number {
  const rate = rows / seconds;
  const reading = readSeconds === undefined ? '' : ` (reading alone ${Math.round(rows / readSeconds)})`;
  print(`${name}: ${seconds.toFixed(1)} s, ${Math.round(rate)} rows/s${reading}, peak ${peakMb} MB`);
  return rate;
}

async function run(script: string, args: readonly string[]): Promise<Measured> {
  // The plain script holds all users in memory: without more than Node's usual heap it would end there.
  const options = script === 'plain-script.ts' ? ['--max-old-space-size=16384'] : [];
  const child = [...options, join(import.meta.dirname, script), ...args];
  const { stdout } = await promisify(execFile)(process.execPath, child, { maxBuffer: 1024 * 1024 });
  return JSON.parse(stdout) as Measured;
}
