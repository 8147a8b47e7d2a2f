import type { Command } from 'commander';
import type { GateVerdict } from '../publishing/gate-reports.ts';
import type { VersionStatus } from '../publishing/versions.ts';
import { generatedText } from './generated.ts';
import { historyLine, historyOption } from './history.ts';
import { publishingCommand, requiredPlacement } from './options.ts';
import { runPublishing, type CommonFlags, type Session } from './session.ts';

interface Flags extends CommonFlags {
  readonly placement: string;
  readonly history?: number;
}

export function versionsCommand(session: Session): Command {
  return publishingCommand('versions', 'the versions of a placement that have a table, newest first')
    .addOption(requiredPlacement())
    .addOption(historyOption())
    .action((flags: Flags) =>
      runPublishing(session, flags, async ({ context, signal }) => {
        const { versions } = await import('../publishing/versions.ts');
        const found = await versions(context, flags.placement, signal, flags.history);
        const json = { placement: flags.placement, versions: found };
        return { json, text: table(found, flags.history !== undefined) || `${flags.placement}: no versions` };
      }),
    );
}

function table(versions: readonly VersionStatus[], isDetailed: boolean): string {
  return versions
    .map((status) => {
      const { version, state, users, loadedBy, verdicts } = status;
      const line = [
        version,
        state.padEnd('quarantined'.length),
        `${users ?? '?'} users`.padStart('100000000 users'.length),
        status.generatedAt === null ? '' : `predictions of ${generatedText(status)}`,
        loadedBy === null ? '' : `loaded by ${loadedBy}`,
        verdicts[0] === undefined ? '' : verdictText(verdicts[0]),
      ]
        .join('  ')
        .trimEnd();
      return isDetailed ? [line, ...details(status)].join('\n') : line;
    })
    .join('\n');
}

function details({ rows, rejected, duplicates, files, contentHash, verdicts, activations }: VersionStatus) {
  const content = contentHash === null ? [] : [`  content ${contentHash}`];
  const kept = rows === null ? [] : [`  ${rows} rows, ${rejected} rejected, ${duplicates} duplicates`];
  return [
    ...content,
    ...kept,
    ...files.map(({ path, bytes, sha256 }) => `  from ${path} (${bytes} bytes, sha256 ${sha256})`),
    ...verdicts.map((verdict) => `  ${verdictText(verdict)} at ${verdict.at}: ${verdict.report}`),
    ...activations.map((entry) => `  ${historyLine(entry)}`),
  ];
}

function verdictText({ passed, stoppedBy }: GateVerdict): string {
  return passed ? 'passed the gate' : `stopped by the gate: ${stoppedBy.join(', ')}`;
}
