import type { Command } from 'commander';
import { blockedText, type BlockFlags } from './block.ts';
import { publishingCommand, reasonOption, requiredPlacement } from './options.ts';
import { runPublishing, warn, type Session } from './session.ts';

export function unblockCommand(session: Session): Command {
  return publishingCommand('unblock', 'let blocked products back in')
    .argument('<products...>', 'product ids')
    .addOption(requiredPlacement())
    .addOption(reasonOption('unblocked by hand'))
    .action((productIds: string[], flags: BlockFlags) =>
      runPublishing(session, flags, async ({ context, onProgress, signal }) => {
        const { unblock } = await import('../publishing/block.ts');
        const result = await unblock(context, { productIds, ...flags }, signal);
        warn(onProgress, result.warnings);
        return { json: result, text: blockedText(result) };
      }),
    );
}
