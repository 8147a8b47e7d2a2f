import { isDeepStrictEqual } from 'node:util';
import { GateError } from '../domain/errors.ts';
import type { Override } from '../domain/pointer.ts';
import { describeChecks } from '../gate/describe.ts';
import { checkKey } from './archive-keys.ts';
import { reportsOn, type CheckReport } from './check/report.ts';
import { runCheck, type CheckSubject } from './check/run-check.ts';
import type { PublisherContext } from './context.ts';
import { unheard, type OnProgress } from './progress.ts';

/** A candidate that may go live: what the gate said, and who passed it over if somebody had to. */
export interface Admitted {
  readonly report: CheckReport;
  readonly override: Override | null;
}

/**
 * Resolves where the gate lets the candidate go live: by a kept report on exactly this question, or by a check now.
 * `override`, the word that passes the gate over once, is used only where it is needed. Throws GateError, with every
 * check, for a verdict that is no pass; rejects as `runCheck` does where there is none.
 */
export async function askGate(
  context: PublisherContext,
  subject: CheckSubject,
  override: Override | null,
  signal: AbortSignal,
  onProgress: OnProgress = unheard,
): Promise<Admitted> {
  const kept = await keptPass(context, subject, signal);
  if (kept !== undefined) onProgress({ kind: 'checking', step: `passed before: report ${kept.id}` });
  const report = kept ?? (await runCheck(context, subject, signal, onProgress));
  if (report.passed) return { report, override: null };
  if (override !== null) return { report, override };
  const { placement, candidate, checks, id } = report;
  const { version } = candidate;
  throw new GateError(
    `version ${version} was stopped by the gate:\n${describeChecks(checks)}\n` +
      `Its table stays, the report is kept as ${checkKey(placement, id)}. ` +
      `"topshelf activate ${version} --placement ${placement} --override 'why'" makes it live all the same.`,
    report,
  );
}

/** A report that passed the same candidate against the same live version, by the same thresholds and catalogue. */
async function keptPass(
  { archive }: Pick<PublisherContext, 'archive'>,
  { candidate, live, thresholds, catalogue }: CheckSubject,
  signal: AbortSignal,
): Promise<CheckReport | undefined> {
  const liveNow = 'kind' in live ? null : { version: live.version, contentHash: live.contentHash };
  for await (const report of reportsOn(archive, candidate.placement, candidate.version, signal)) {
    const then = report.live && { version: report.live.version, contentHash: report.live.contentHash };
    const isSame =
      report.candidate.contentHash === candidate.contentHash &&
      isDeepStrictEqual(then, liveNow) &&
      isDeepStrictEqual(report.thresholds, { ...thresholds }) &&
      isDeepStrictEqual(report.catalogue, catalogue?.identity ?? null);
    if (isSame && report.passed) return report;
  }
  return undefined;
}
