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
  for (const key of keys.toReversed()) {
    const body = await archive.get(key, signal);
    if (body === null) continue;
    const report = parseReport(body);
    if (report !== null) yield report;
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
  const bodies = await Promise.all(
    keys
      .slice(-count)
      .reverse()
      .map((key) => archive.get(key, signal)),
  );
  return bodies.map((body) => body && parseReport(body)).filter((report) => report !== null);
}

function parseReport(body: Uint8Array): CheckReport | null {
  try {
    return reportSchema.parse(JSON.parse(Buffer.from(body).toString()));
  } catch {
    return null;
  }
}
