import * as z from 'zod';
import type { Archive } from '../../archive/archive.ts';
import type { CheckResult } from '../../gate/check.ts';
import { allChecksPrefix, checkKey, checksPrefix } from '../archive-keys.ts';

const checkResult = z.object({
  name: z.string(),
  outcome: z.enum(['passed', 'failed', 'errored']),
  measured: z.number().nullable(),
  threshold: z.number(),
  message: z.string(),
}) satisfies z.ZodType<CheckResult>;

const reportSchema = z.object({
  schemaVersion: z.literal(1),
  id: z.string(),
  placement: z.string(),
  /** ISO 8601, when it was made. */
  at: z.string(),
  by: z.string(),
  candidate: z.object({ version: z.string(), contentHash: z.string() }),
  /** What it was compared with; null where there was nothing to compare with. `epoch` is null for a bare table name. */
  live: z.object({ version: z.string(), contentHash: z.string(), epoch: z.int().nullable() }).nullable(),
  catalogue: z.object({ file: z.string(), sha256: z.string(), column: z.string().nullable() }).nullable(),
  /** Which sections of the file of thresholds applied; null without a file. Older reports do not say. */
  gateConfig: z.object({ file: z.string(), sections: z.array(z.string()) }).nullish(),
  thresholds: z.record(z.string(), z.number()),
  /** Everything that was measured, for people: what decides is in `checks`. */
  measurements: z.record(z.string(), z.unknown()),
  passed: z.boolean(),
  checks: z.array(checkResult),
});

/** One verdict of the gate, as kept in the archive for ever: on what, against what, what was measured, by whom. */
export type CheckReport = z.infer<typeof reportSchema>;

export async function writeReport(archive: Archive, report: CheckReport, signal: AbortSignal): Promise<void> {
  await archive.putOnce(
    checkKey(report.placement, report.id),
    `${JSON.stringify(report, null, 2)}\n`,
    signal,
  );
}

/** One report; null where there is none of this id, and where it cannot be read. */
export async function readReport(
  archive: Pick<Archive, 'get'>,
  placement: string,
  id: string,
  signal: AbortSignal,
): Promise<CheckReport | null> {
  const body = await archive.get(checkKey(placement, id), signal);
  return body && parseReport(body);
}

/** The reports on a version, newest first; one that cannot be read is passed over: it decides nothing then. */
export async function* reportsOn(
  archive: Archive,
  placement: string,
  version: string,
  signal: AbortSignal,
): AsyncGenerator<CheckReport> {
  const keys = await archive.list(checksPrefix(placement, version), signal);
  // No more is read than somebody asks for; but ids tell the second alone, so that those of one are read together.
  for (const keysOfSecond of Map.groupBy(keys.toReversed(), secondOf).values()) {
    yield* await readReports(archive, keysOfSecond, signal);
  }
}

/** The newest `count` reports of a placement by their ids: those on the newest versions first. */
export async function newestReports(
  archive: Pick<Archive, 'get' | 'list'>,
  placement: string,
  count: number,
  signal: AbortSignal,
): Promise<CheckReport[]> {
  const keys = await archive.list(allChecksPrefix(placement), signal);
  return readReports(archive, keys.slice(-count), signal);
}

/** Those on the newest versions first, and of one version the newest first. */
async function readReports(
  archive: Pick<Archive, 'get'>,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<CheckReport[]> {
  const bodies = await Promise.all(keys.map((key) => archive.get(key, signal)));
  return bodies
    .map((body) => body && parseReport(body))
    .filter((report) => report !== null)
    .sort((a, b) => descending(a.candidate.version, b.candidate.version) || descending(a.at, b.at));
}

/** A key without the end that makes it unique: version and second are left. */
function secondOf(key: string): string {
  return key.slice(0, key.lastIndexOf('-'));
}

function descending(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? 1 : -1;
}

function parseReport(body: Uint8Array): CheckReport | null {
  try {
    return reportSchema.parse(JSON.parse(Buffer.from(body).toString()));
  } catch {
    return null;
  }
}
