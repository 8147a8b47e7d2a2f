import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import lock from '../package-lock.json' with { type: 'json' };
import type { Findings } from './scenario.ts';

/** Where and with what something was measured. Results of two machines are never mixed. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly node: string;
  /** Versions of the packages whose cost is compared. */
  readonly packages: Readonly<Record<string, string>>;
}

export interface RecordedFindings extends Findings {
  readonly takenAt: string;
  readonly rounds: number;
  readonly secondsPerRun: number;
}

export interface Results {
  readonly machine: Machine;
  readonly scenarios: Readonly<Record<string, RecordedFindings>>;
}

const FILE = join(import.meta.dirname, 'results/latest.json');
const PACKAGES = [
  'autocannon',
  'fastify',
  'undici',
  'lru-cache',
  '@aws-sdk/client-dynamodb',
  '@aws-sdk/lib-dynamodb',
];

export function describeMachine(): Machine {
  return {
    cores: cpus().length, // not availableParallelism: this process is pinned to one
    cpu: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    packages: Object.fromEntries(PACKAGES.map((name) => [name, installed(name)])),
  };
}

function installed(name: string): string {
  const path = `node_modules/${name}` as keyof typeof lock.packages;
  return (lock.packages[path] as { version?: string } | undefined)?.version ?? 'none';
}

/** The recorded results; undefined where there are none. */
export async function readResults(): Promise<Results | undefined> {
  try {
    return JSON.parse(await readFile(FILE, 'utf8')) as Results;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function writeResults(results: Results): Promise<void> {
  await mkdir(dirname(FILE), { recursive: true });
  await writeFile(FILE, `${JSON.stringify(results, roundNumbers, 2)}\n`);
}

/** The new findings, and of the recorded ones those that this machine measured and this run did not. */
export function mergeResults(recorded: Results | undefined, measured: Results): Results {
  const isSameMachine = JSON.stringify(recorded?.machine) === JSON.stringify(measured.machine);
  return isSameMachine
    ? { ...measured, scenarios: { ...recorded?.scenarios, ...measured.scenarios } }
    : measured;
}

/** Four significant digits: what follows them is noise, and would make every run a change of the whole file. */
export function roundNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}
