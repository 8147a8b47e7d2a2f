import type { Command } from 'commander';
import { bringBack } from '../publishing/bring-back.ts';
import type { OnProgress } from '../publishing/progress.ts';
import { reportText } from '../publishing/replicas.ts';
import type { PlacementStatus } from '../publishing/status.ts';
import { generatedText } from './generated.ts';
import { historyLine, historyOption } from './history.ts';
import { placementOption, publishingCommand } from './options.ts';
import { runPublishing, type CommonFlags, type Session } from './session.ts';
import { replicasOf, replicasOption, type ReplicaFlags } from './wait-options.ts';

interface Flags extends CommonFlags, ReplicaFlags {
  readonly placement?: string;
  readonly history?: number;
}

export function statusCommand(session: Session): Command {
  return publishingCommand('status', 'what is live, since when and why; held, quarantined and blocked')
    .addOption(placementOption())
    .addOption(historyOption())
    .addOption(replicasOption())
    .action((flags: Flags) =>
      runPublishing(session, flags, async ({ context, onProgress, signal }) => {
        const warnings: string[] = [];
        const listen: OnProgress = (event) => {
          if (event.kind === 'warning') warnings.push(event.message);
          onProgress(event);
        };
        const { status } = await import('../publishing/status.ts');
        const request = { ...flags, replicas: await replicasOf(flags) };
        const placements = await status(context, request, signal, listen);
        const text = placements.map(wholeText).join('\n') || NO_POINTER;
        return { json: { placements, warnings }, text };
      }),
    );
}

const NO_POINTER = 'no placement has a pointer, and no record says that one ever had';

function wholeText(status: PlacementStatus): string {
  const replicas = status.replicas?.map((report) => `  ${report.replica} ${reportText(report)}`);
  const none = replicas?.length === 0 ? ['  no replica at all'] : [];
  const history = status.history.map((entry) => `  ${historyLine(entry)}`);
  return [statusText(status), ...(replicas ?? []), ...none, ...history].join('\n');
}

function statusText(status: PlacementStatus): string {
  const { placement, version, table, epoch, since, by, reason } = status;
  switch (status.pointer) {
    case 'absent':
      return absentText(status);
    case 'malformed':
      return [
        `${placement}: the pointer cannot be read: ${status.problem}`,
        ...lastText(status),
        '  "topshelf activate" of a good version replaces it.',
      ].join('\n');
    case 'bare':
      return `${placement}: table ${table} (version ${version ?? 'unknown'}) by a bare name: held until released`;
    case 'pointer':
      return [
        `${placement}: version ${version} is live; epoch ${epoch} was written at ${since} by ${by}: ${reason}`,
        ...(status.signedBy === null ? [] : [`  signed with key ${status.signedBy}`]),
        `  predictions of ${generatedText(status)}, ${age(status.ageSeconds ?? 0)} old`,
        ...(status.hold
          ? [`  held by ${status.hold.by} since ${status.hold.since}: ${status.hold.reason}`]
          : []),
        ...status.quarantined.map(
          (left) => `  quarantined: ${left.version} by ${left.by} at ${left.at}: ${left.reason}`,
        ),
        ...(status.blocked.length > 0 ? [`  blocked: ${status.blocked.join(', ')}`] : []),
      ].join('\n');
  }
}

function absentText(status: PlacementStatus): string {
  const { placement, lastRecorded, problem } = status;
  if (problem !== null) return `${placement}: there is no pointer; ${problem}`;
  if (lastRecorded === null)
    return `${placement}: nothing is live, and the archive has no record that anything ever was`;
  return [`${placement}: the pointer is gone`, ...lastText(status)].join('\n');
}

function lastText({ placement, lastRecorded }: PlacementStatus): string[] {
  if (lastRecorded === null) return [];
  return [`  last recorded: ${historyLine(lastRecorded)}`, `  ${bringBack(placement)}`];
}

/** A duration for people, in its largest sensible unit. */
function age(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`;
}
