import * as z from 'zod';
import type { Archive } from '../archive/archive.ts';
import { allChecksPrefix } from './archive-keys.ts';

/** What the ledger says of one report of the gate. */
export interface GateVerdict {
  /** Key of the whole report in the archive. */
  readonly report: string;
  /** ISO 8601; null where the report does not say. */
  readonly at: string | null;
  readonly passed: boolean;
  /** Names of the checks that failed or errored. */
  readonly stoppedBy: readonly string[];
}

// Read as loosely as can be: reports are kept for ever, by releases of every age, and here they only inform.
const checks = z.array(z.object({ name: z.string(), outcome: z.string() }));
const versionSchema = z.union([
  z.string(),
  z.object({ version: z.string() }).transform(({ version }) => version),
]);
const reportSchema = z.object({
  candidate: versionSchema.optional(),
  version: z.string().optional(),
  passed: z.boolean().optional(),
  verdict: z.object({ passed: z.boolean(), checks: checks.optional() }).optional(),
  checks: checks.optional(),
  at: z.string().optional(),
  checkedAt: z.string().optional(),
  createdAt: z.string().optional(),
});

/** Reports beyond the newest ones are not looked at: each is a read of the archive. */
const MAX_REPORTS = 100;

/** The gate's verdicts by version, newest first; reports that cannot be read are left out. */
export async function gateVerdicts(
  archive: Pick<Archive, 'get' | 'list'>,
  placement: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly GateVerdict[]>> {
  const keys = (await archive.list(allChecksPrefix(placement), signal)).filter((key) =>
    key.endsWith('.json'),
  );
  const verdicts = new Map<string, GateVerdict[]>();
  for (const key of keys.slice(-MAX_REPORTS).reverse()) {
    const read = parse(await archive.get(key, signal));
    const version = read?.candidate ?? read?.version;
    const passed = read?.passed ?? read?.verdict?.passed;
    if (read === undefined || version === undefined || passed === undefined) continue;
    const at = read.at ?? read.checkedAt ?? read.createdAt ?? null;
    const stoppedBy = (read.checks ?? read.verdict?.checks ?? [])
      .filter(({ outcome }) => outcome !== 'passed')
      .map(({ name }) => name);
    verdicts.set(version, [...(verdicts.get(version) ?? []), { report: key, at, passed, stoppedBy }]);
  }
  // Keys tell the second alone.
  for (const each of verdicts.values())
    each.sort((a, b) => Date.parse(b.at ?? '') - Date.parse(a.at ?? '') || 0);
  return verdicts;
}

function parse(body: Uint8Array | null): z.infer<typeof reportSchema> | undefined {
  if (body === null) return undefined;
  try {
    return reportSchema.parse(JSON.parse(Buffer.from(body).toString()));
  } catch {
    return undefined;
  }
}
