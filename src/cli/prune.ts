import { InvalidArgumentError, Option, type Command } from 'commander';
import { shown } from '../domain/ids.ts';
import type { Pruned, PruneOutcome } from '../publishing/prune.ts';
import { durationOption } from './duration.ts';
import { publishingCommand, requiredPlacement } from './options.ts';
import { runPublishing, warn, type CommonFlags, type Session } from './session.ts';
import { replicasOf, replicasOption, type ReplicaFlags } from './wait-options.ts';

interface Flags extends CommonFlags, ReplicaFlags {
  readonly placement: string;
  readonly keepVersions: number;
  /** Milliseconds, as `grace`. */
  readonly minAge: number;
  readonly grace: number;
  readonly yes?: boolean;
}

export function pruneCommand(session: Session): Command {
  return publishingCommand(
    'prune',
    'delete the tables of versions that nothing needs; shows them without --yes',
  )
    .addOption(requiredPlacement())
    .addOption(keepVersionsOption())
    .addOption(durationOption('--min-age <time>', 'keep what was loaded within this time', '24h'))
    .addOption(
      durationOption('--grace <time>', 'time between the mark in the pointer and the deletion', '60s'),
    )
    .addOption(replicasOption())
    .option('--yes', 'delete')
    .action((flags: Flags) =>
      runPublishing(session, flags, async ({ context, onProgress, signal }) => {
        const { prune } = await import('../publishing/prune.ts');
        const { placement, keepVersions, minAge, grace, yes = false } = flags;
        const replicas = await replicasOf(flags);
        const rules = { keepVersions, minAgeMs: minAge, graceMs: grace };
        const pruned = await prune(context, { placement, ...rules, isConfirmed: yes, replicas }, signal);
        warn(onProgress, pruned.warnings);
        return { json: pruned, text: prunedText(pruned) };
      }),
    );
}

const WORDS: Readonly<Record<PruneOutcome['outcome'], string>> = {
  kept: 'kept',
  'would-delete': 'would be deleted',
  deleted: 'deleted',
  failed: 'not deleted',
};

function prunedText({ placement, versions }: Pruned): string {
  if (versions.length === 0) return `${placement}: no versions`;
  const width = Math.max(...versions.map(({ outcome }) => WORDS[outcome].length));
  const lines = versions.map(
    ({ version, outcome, why }) => `${version}  ${WORDS[outcome].padEnd(width)}  ${why}`,
  );
  if (versions.some(({ outcome }) => outcome === 'would-delete'))
    lines.push('Nothing was deleted: --yes does it.');
  return lines.join('\n');
}

function keepVersionsOption(): Option {
  const description =
    'what is live and the targets of further rollbacks, this many in all; and as many of the newest';
  return new Option('--keep-versions <count>', description).default(3).argParser((text) => {
    if (/^\d{1,3}$/.test(text) && Number(text) >= 2) return Number(text);
    throw new InvalidArgumentError(`${shown(text)} is not a whole number from 2 to 999.`);
  });
}
