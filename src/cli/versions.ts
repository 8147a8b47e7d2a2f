import type { Command } from 'commander';
import type { VersionStatus } from '../publishing/versions.ts';
import { publishingCommand, requiredPlacement } from './options.ts';
import { runPublishing, type CommonFlags, type Session } from './session.ts';

interface Flags extends CommonFlags {
  readonly placement: string;
}

export function versionsCommand(session: Session): Command {
  return publishingCommand('versions', 'the versions of a placement that have a table, newest first')
    .addOption(requiredPlacement())
    .action((flags: Flags) =>
      runPublishing(session, flags, async ({ context, signal }) => {
        const { versions } = await import('../publishing/versions.ts');
        const found = await versions(context, flags.placement, signal);
        const json = { placement: flags.placement, versions: found };
        return { json, text: table(found) || `${flags.placement}: no versions` };
      }),
    );
}

function table(versions: readonly VersionStatus[]): string {
  return versions
    .map(({ version, state, users, generatedAt, loadedBy }) =>
      [
        version,
        state.padEnd('quarantined'.length),
        `${users ?? '?'} users`.padStart('100000000 users'.length),
        generatedAt === null ? '' : `predictions of ${generatedAt}`,
        loadedBy === null ? '' : `loaded by ${loadedBy}`,
      ]
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
