import type { Command } from 'commander';
import { reasonOption, requiredPlacement } from './options.ts';
import { warn, type Session } from './session.ts';
import { pointerCommand, runWaiting, type WaitFlags } from './wait-options.ts';

interface Flags extends WaitFlags {
  readonly placement: string;
  readonly reason: string;
}

export function releaseCommand(session: Session): Command {
  return pointerCommand('release', 'end the hold: activations may go on')
    .addOption(requiredPlacement())
    .addOption(reasonOption('released by hand'))
    .action((flags: Flags) =>
      runWaiting(session, flags, async ({ context, onProgress, signal }) => {
        const { release } = await import('../publishing/release.ts');
        const result = await release(context, flags, signal);
        warn(onProgress, result.warnings);
        const { placement, version, epoch, changed } = result;
        const what = changed ? 'released' : 'is not held';
        return { json: result, text: `${placement}: ${what}; version ${version} is live (epoch ${epoch})` };
      }),
    );
}
