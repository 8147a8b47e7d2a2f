import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { Seal } from '../../domain/seal.ts';
import { newVersion } from '../../domain/version.ts';
import { judge } from '../../gate/gate.ts';
import type { Measurements } from '../../gate/measurements.ts';
import type { Thresholds } from '../../gate/thresholds.ts';
import { predictionsKey } from '../archive-keys.ts';
import type { PublisherContext } from '../context.ts';
import { openWorkbench, type Workbench } from '../input/duckdb.ts';
import { readManifest } from '../manifest.ts';
import { unheard, type OnProgress } from '../progress.ts';
import { readCatalogue, type CatalogueIdentity, type CatalogueOptions } from './catalogue.ts';
import type { LiveVersion, NothingLive } from './live-baseline.ts';
import { measure, type Subject } from './measure.ts';
import { writeReport, type CheckReport } from './report.ts';
import type { GateConfigIdentity } from './thresholds-file.ts';

/** Everything that decides a verdict: the same candidate, live version, thresholds and catalogue give the same one. */
export interface CheckSubject {
  readonly candidate: Seal;
  readonly live: LiveVersion | NothingLive;
  readonly thresholds: Thresholds;
  /** Where they came from; decides nothing. */
  readonly gateConfig: GateConfigIdentity | null;
  readonly catalogue: (CatalogueOptions & { readonly identity: CatalogueIdentity }) | null;
}

type Checker = Pick<PublisherContext, 'archive' | 'memoryLimitBytes' | 'tempDir' | 'actor' | 'now'>;

/**
 * Measures, judges, and keeps the report, whatever the verdict. Rejects with BadInputError for a catalogue that cannot
 * be used, and with UnreachableError where the archive or this machine's disk is away: then there is no verdict.
 */
export async function runCheck(
  context: Checker,
  subject: CheckSubject,
  signal: AbortSignal,
  onProgress: OnProgress = unheard,
): Promise<CheckReport> {
  const { candidate, live, thresholds, gateConfig, catalogue } = subject;
  const { memoryLimitBytes, tempDir, actor, archive } = context;
  const workbench = await openWorkbench({ memoryLimitBytes, tempDir, signal });
  let measurements: Measurements;
  try {
    const onStep = (step: string) => onProgress({ kind: 'checking', step });
    measurements = await measureSubject(context, workbench, subject, onStep, signal);
  } finally {
    await workbench.close();
  }
  const at = context.now();
  const { passed, checks } = judge(measurements, thresholds);
  const report: CheckReport = {
    schemaVersion: 1,
    id: `${candidate.version}-${newVersion(at, randomInt(2 ** 24))}`,
    placement: candidate.placement,
    at: new Date(at).toISOString(),
    by: actor,
    candidate: { version: candidate.version, contentHash: candidate.contentHash },
    live: 'kind' in live ? null : { version: live.version, contentHash: live.contentHash, epoch: live.epoch },
    catalogue: catalogue?.identity ?? null,
    gateConfig,
    thresholds: { ...thresholds },
    measurements: { ...measurements },
    passed,
    checks: [...checks],
  };
  await writeReport(archive, report, signal);
  return report;
}

async function measureSubject(
  context: Checker,
  workbench: Workbench,
  { candidate, live, catalogue }: CheckSubject,
  onStep: (step: string) => void,
  signal: AbortSignal,
): Promise<Measurements> {
  const connection = await workbench.connect();
  if (catalogue !== null) {
    onStep(`reading the catalogue ${catalogue.catalogue}`);
    await readCatalogue(connection, workbench.folder, catalogue, signal);
  }
  const { placement } = candidate;
  onStep(`fetching the predictions of ${candidate.version}`);
  const fetched = await subjectOf(context, workbench, placement, candidate, signal);
  if (!('kind' in live)) onStep(`fetching the predictions of ${live.version}, which is live`);
  const liveSubject = 'kind' in live ? live : await subjectOf(context, workbench, placement, live, signal);
  const against = 'kind' in live ? `, with nothing to compare with: ${live.why}` : ` against ${live.version}`;
  onStep(`measuring ${candidate.version}, ${candidate.users} users${against}`);
  return measure(connection, {
    candidate: { ...fetched, users: candidate.users, popular: candidate.popular },
    live: liveSubject,
    hasCatalogue: catalogue !== null,
    signal,
  });
}

/** Fetches a version's predictions, and what its manifest says of them. */
async function subjectOf(
  { archive }: Checker,
  { folder }: Workbench,
  placement: string,
  { version, contentHash, generatedAt }: Pick<Seal, 'version' | 'contentHash' | 'generatedAt'>,
  signal: AbortSignal,
): Promise<Subject> {
  const path = join(folder, `${version}.parquet`);
  const copied = await archive.getFile(predictionsKey(placement, version), path, signal);
  const manifest = await readManifest(archive, placement, version, signal);
  return {
    path: copied === null ? null : path,
    users: manifest?.users ?? null,
    generatedAtFrom: manifest?.generatedAtFrom ?? null,
    contentHash,
    generatedAt,
  };
}
