import type { Command } from 'commander';
import { publishingCommand, reasonOption, requiredPlacement } from './options.ts';
import { runPublishing, warn, type CommonFlags, type Session } from './session.ts';

interface Flags extends CommonFlags {
  readonly placement: string;
  readonly reason: string;
}

export function releaseCommand(session: Session): Command {
  return publishingCommand('release', 'end the hold: activations may go on')
    .addOption(requiredPlacement())
    .addOption(reasonOption('released by hand'))
    .action((flags: Flags) =>
      runPublishing(session, flags, async ({ context, onProgress, signal }) => {
        const { release } = await import('../publishing/release.ts');
        const result = await release(context, flags, signal);
        warn(onProgress, result.warnings);
        const { placement, version, epoch, changed } = result;
        const what = changed ? 'released' : 'is not held';
        return { json: result, text: `${placement}: ${what}; version ${version} is live (epoch ${epoch})` };
      }),
    );
}
