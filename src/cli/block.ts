import type { Command } from 'commander';
import type { Blocked } from '../publishing/block.ts';
import { reasonOption, requiredPlacement } from './options.ts';
import { warn, type Session } from './session.ts';
import { pointerCommand, runWaiting, type WaitFlags } from './wait-options.ts';

export interface BlockFlags extends WaitFlags {
  readonly placement: string;
  readonly reason: string;
  readonly withCommas?: boolean;
}

export function blockCommand(session: Session): Command {
  return pointerCommand('block', 'take products out of every answer')
    .argument('<products...>', 'product ids')
    .addOption(requiredPlacement())
    .addOption(reasonOption('blocked by hand'))
    .option('--with-commas', 'the ids do have commas: not a list of ids')
    .action((productIds: string[], flags: BlockFlags) =>
      runWaiting(session, flags, async ({ context, onProgress, signal }) => {
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
