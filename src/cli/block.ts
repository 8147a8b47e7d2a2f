import type { Command } from 'commander';
import type { Blocked } from '../publishing/block.ts';
import { publishingCommand, reasonOption, requiredPlacement } from './options.ts';
import { runPublishing, warn, type CommonFlags, type Session } from './session.ts';

export interface BlockFlags extends CommonFlags {
  readonly placement: string;
  readonly reason: string;
}

export function blockCommand(session: Session): Command {
  return publishingCommand('block', 'take products out of every answer')
    .argument('<products...>', 'product ids')
    .addOption(requiredPlacement())
    .addOption(reasonOption('blocked by hand'))
    .action((productIds: string[], flags: BlockFlags) =>
      runPublishing(session, flags, async ({ context, onProgress, signal }) => {
        const { block } = await import('../publishing/block.ts');
        const result = await block(context, { productIds, ...flags }, signal);
        warn(onProgress, result.warnings);
        return { json: result, text: blockedText(result) };
      }),
    );
}

export function blockedText({ placement, blocked, epoch, changed }: Blocked): string {
  const list = blocked.length === 0 ? 'nothing is blocked' : `blocked: ${blocked.join(', ')}`;
  return `${placement}: ${list} (epoch ${epoch}${changed ? '' : ', nothing to change'})`;
}
