import type { Archive } from '../archive/archive.ts';
import { checkKey } from './archive-keys.ts';
import { newestReports } from './check/report.ts';

/** What the ledger says of one report of the gate. */
export interface GateVerdict {
  /** Key of the whole report in the archive. */
  readonly report: string;
  /** ISO 8601. */
  readonly at: string;
  readonly passed: boolean;
  /** Names of the checks that failed or errored. */
  readonly stoppedBy: readonly string[];
}

/** Reports beyond the newest ones are not looked at: each is a read of the archive. */
const MAX_REPORTS = 100;

/** The gate's verdicts by version, newest first; reports that cannot be read are left out. */
export async function gateVerdicts(
  archive: Pick<Archive, 'get' | 'list'>,
  placement: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly GateVerdict[]>> {
  const verdicts = new Map<string, GateVerdict[]>();
  for (const report of await newestReports(archive, placement, MAX_REPORTS, signal)) {
    const { id, candidate, at, passed, checks } = report;
    const stoppedBy = checks.filter(({ outcome }) => outcome !== 'passed').map(({ name }) => name);
    const ofVersion = verdicts.get(candidate.version) ?? [];
    verdicts.set(candidate.version, [
      ...ofVersion,
      { report: checkKey(placement, id), at, passed, stoppedBy },
    ]);
  }
  return verdicts;
}
