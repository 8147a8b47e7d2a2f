import type { Command } from 'commander';
import { blockedText, type BlockFlags } from './block.ts';
import { reasonOption, requiredPlacement } from './options.ts';
import { warn, type Session } from './session.ts';
import { pointerCommand, runWaiting } from './wait-options.ts';

export function unblockCommand(session: Session): Command {
  return pointerCommand('unblock', 'let blocked products back in')
    .argument('<products...>', 'product ids')
    .addOption(requiredPlacement())
    .addOption(reasonOption('unblocked by hand'))
    .action((productIds: string[], flags: BlockFlags) =>
      runWaiting(session, flags, async ({ context, onProgress, signal }) => {
        const { unblock } = await import('../publishing/block.ts');
        const result = await unblock(context, { productIds, ...flags }, signal);
        warn(onProgress, result.warnings);
        return { json: result, text: blockedText(result) };
      }),
    );
}
