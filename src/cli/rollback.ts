import type { Command } from 'commander';
import { liveText } from './activate.ts';
import { reasonOption, requiredPlacement } from './options.ts';
import { warn, type Session } from './session.ts';
import { pointerCommand, runWaiting, type WaitFlags } from './wait-options.ts';

interface Flags extends WaitFlags {
  readonly placement: string;
  readonly reason: string;
  readonly to?: string;
}

export function rollbackCommand(session: Session): Command {
  return pointerCommand('rollback', 'go back to the version before, quarantine this one, hold activations')
    .addOption(requiredPlacement())
    .option('--to <version>', 'go back to this earlier version')
    .addOption(reasonOption('rolled back by hand'))
    .action((flags: Flags) =>
      runWaiting(session, flags, async ({ context, onProgress, signal }) => {
        const { rollback } = await import('../publishing/rollback.ts');
        const result = await rollback(context, flags, signal);
        warn(onProgress, result.warnings);
        const { left, placement } = result;
        const text =
          `${liveText(result)}\n${left === null ? 'What was live' : `Version ${left}`} was left` +
          `${left === null ? '' : ' and quarantined'}. Activations are held until "topshelf release --placement ${placement}".`;
        return { json: result, text };
      }),
    );
}
