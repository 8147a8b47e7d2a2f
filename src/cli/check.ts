import type { Command } from 'commander';
import type { CheckReport } from '../publishing/check/report.ts';
import { EXIT } from './exit-codes.ts';
import { withGateOptions, type GateFlags } from './gate-options.ts';
import { publishingCommand, requiredPlacement } from './options.ts';
import { runPublishing, type CommonFlags, type Session } from './session.ts';

interface Flags extends CommonFlags, GateFlags {
  readonly placement: string;
}

export function checkCommand(session: Session): Command {
  const command = publishingCommand('check', 'the gate’s verdict on a sealed version, against the live one')
    .argument('<version>', 'as "topshelf versions" lists it')
    .addOption(requiredPlacement());
  return withGateOptions(command).action((version: string, flags: Flags) =>
    runPublishing(session, flags, async ({ context, onProgress, signal }) => {
      const { check } = await import('../publishing/check/check.ts');
      const { describeChecks } = await import('../gate/describe.ts');
      const report = await check(context, { version, ...flags }, signal, onProgress);
      if (!report.passed) session.exitCode = EXIT.gate;
      const text = [verdictText(report), ...thresholdsText(report), describeChecks(report.checks)].join('\n');
      return { json: report, text };
    }),
  );
}

/** Which of the file's thresholds applied: a misspelt placement's never do. */
function thresholdsText({ placement, gateConfig }: CheckReport): string[] {
  if (!gateConfig) return [];
  const { file, sections } = gateConfig;
  return sections.length === 0
    ? [`thresholds: the defaults alone, ${file} has neither "default" nor "placements.${placement}"`]
    : [`thresholds: ${sections.map((section) => `"${section}"`).join(' and ')} of ${file}`];
}

function verdictText({ placement, candidate, live, passed, checks, id }: CheckReport): string {
  const stopping = checks.filter(({ outcome }) => outcome !== 'passed').length;
  const verdict = passed
    ? `passes all ${checks.length} checks`
    : `is stopped by ${stopping} of ${checks.length} checks`;
  const against = live === null ? 'with nothing to compare it with' : `against ${live.version}`;
  return `${placement}: version ${candidate.version} ${verdict}, ${against} (report ${id})`;
}
