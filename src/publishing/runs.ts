import { randomInt } from 'node:crypto';
import * as z from 'zod';
import { BadInputError, messageOf, UnreachableError, UsageError } from '../domain/errors.ts';
import { shown } from '../domain/ids.ts';
import { newVersion, tableName } from '../domain/version.ts';
import { runKey } from './archive-keys.ts';
import type { PublisherContext } from './context.ts';
import type { Input } from './input/read-input.ts';

/** What one run makes: decided once, and the same for everybody who goes on with it. */
export interface Run {
  /** What the caller named it; undefined where nobody can go on with it. */
  readonly runId: string | undefined;
  readonly version: string;
  readonly table: string;
  /** ISO 8601. Copies of a file on other machines have other times, so the first run's reading holds. */
  readonly generatedAt: string;
  /** True where an earlier process began it. */
  readonly isResumed: boolean;
}

/** Everything but the input that decides what is loaded, and into what. */
export type RunOptions = Readonly<Record<string, unknown>>;

const count = z.int().min(0);
const recordSchema = z.object({
  schemaVersion: z.literal(1),
  runId: z.string(),
  placement: z.string(),
  version: z.string(),
  table: z.string(),
  startedAt: z.string(),
  startedBy: z.string(),
  generatedAt: z.string(),
  files: z.array(z.object({ path: z.string(), bytes: count, sha256: z.string() })),
  users: count,
  contentHash: z.string(),
  options: z.record(z.string(), z.unknown()),
});
type RunRecord = z.infer<typeof recordSchema>;

const MAX_RUN_ID = 250;

/** Throws UsageError for a run id that no record could hold. */
export function assertRunId(runId: string): void {
  if (runId.trim() !== '' && runId.length <= MAX_RUN_ID && runId.isWellFormed()) return;
  throw new UsageError(
    `the run id must have 1 to ${MAX_RUN_ID} characters, got ${runId.length}: ${shown(runId)}`,
  );
}

/**
 * The run that `runId` names, begun now if it is new; without a name a new one that leaves no record. Throws
 * BadInputError, saying what differs, where the name was given to other input or options before.
 */
export async function openRun(
  context: Pick<PublisherContext, 'archive' | 'tablePrefix' | 'actor' | 'now'>,
  { placement, runId, options }: { placement: string; runId: string | undefined; options: RunOptions },
  input: Pick<Input, 'files' | 'users' | 'contentHash' | 'generatedAt'>,
  signal: AbortSignal,
): Promise<Run> {
  const version = newVersion(context.now(), randomInt(2 ** 24));
  const table = tableName(context.tablePrefix, placement, version);
  const { generatedAt, users, contentHash } = input;
  if (runId === undefined) return { runId, version, table, generatedAt, isResumed: false };
  assertRunId(runId);
  const mine: RunRecord = {
    schemaVersion: 1,
    ...{ runId, placement, version, table },
    startedAt: new Date(context.now()).toISOString(),
    startedBy: context.actor,
    generatedAt,
    files: input.files
      .map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 }))
      .toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1)),
    ...{ users, contentHash },
    // What JSON leaves out is not there, here as in the record that is read back.
    options: JSON.parse(JSON.stringify(options)) as RunOptions,
  };
  const key = runKey(placement, runId);
  const outcome = await context.archive.putOnce(key, `${JSON.stringify(mine, null, 2)}\n`, signal);
  if (outcome === 'written') return { runId, version, table, generatedAt, isResumed: false };
  const earlier = readRecord(await context.archive.get(key, signal), key);
  const differences = differencesOf(earlier, mine);
  if (differences.length > 0) {
    throw new BadInputError(
      `run ${shown(runId)} of ${placement} was begun by ${earlier.startedBy} at ${earlier.startedAt} with something else: ` +
        `${differences.join('; ')}. Nothing was changed. Give the same input and options, or another run id.`,
    );
  }
  const { version: begun, table: its, generatedAt: then } = earlier;
  return { runId, version: begun, table: its, generatedAt: then, isResumed: true };
}

function differencesOf(earlier: RunRecord, mine: RunRecord): string[] {
  const names = [...new Set([...Object.keys(earlier.options), ...Object.keys(mine.options)])];
  const [was, is] = [earlier.options, mine.options];
  const prefix = (record: RunRecord) => record.table.slice(0, -record.version.length);
  const found = [
    ...filesOnlyIn(earlier, mine).map((file) => `${file} is missing`),
    ...filesOnlyIn(mine, earlier).map((file) => `${file} is new`),
    ...names
      .filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]))
      .map((name) => `${name} was ${JSON.stringify(was[name])}, is ${JSON.stringify(is[name])}`),
    ...(prefix(earlier) === prefix(mine)
      ? []
      : [`tables began with ${prefix(earlier)}, not ${prefix(mine)}`]),
  ];
  if (found.length > 0 || earlier.contentHash === mine.contentHash) return found;
  return [`the same files gave ${earlier.users} users and other content: they were read another way`];
}

/** Files by their bytes: where they lie, and in what order they are given, may differ. */
function filesOnlyIn({ files }: RunRecord, other: RunRecord): string[] {
  const known = new Set(other.files.map(({ sha256 }) => sha256));
  return files
    .filter(({ sha256 }) => !known.has(sha256))
    .map(({ path, sha256 }) => `file ${path} (SHA-256 ${sha256.slice(0, 12)}…)`);
}

function readRecord(body: Uint8Array | null, key: string): RunRecord {
  try {
    return recordSchema.parse(JSON.parse(Buffer.from(body ?? []).toString()));
  } catch (error) {
    throw new UnreachableError(`the record ${key} in the archive cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
