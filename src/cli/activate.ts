import type { Command } from 'commander';
import type { PointerResult } from '../publishing/activate.ts';
import { overrideOption, withGateOptions, type GateFlags } from './gate-options.ts';
import { publishingCommand, reasonOption, requiredPlacement } from './options.ts';
import { runPublishing, warn, type CommonFlags, type Session } from './session.ts';

interface Flags extends CommonFlags, GateFlags {
  readonly placement: string;
  readonly reason: string;
  readonly override?: string;
}

export function activateCommand(session: Session): Command {
  return withGateOptions(publishingCommand('activate', 'check a sealed version and make it live'))
    .argument('<version>', 'as "topshelf versions" lists it')
    .addOption(requiredPlacement())
    .addOption(reasonOption('activated by hand'))
    .addOption(overrideOption())
    .action((version: string, flags: Flags) =>
      runPublishing(session, flags, async ({ context, onProgress, signal }) => {
        const { activate } = await import('../publishing/activate.ts');
        const result = await activate(context, { version, ...flags }, signal);
        warn(onProgress, result.warnings);
        return { json: result, text: liveText(result) };
      }),
    );
}

export function liveText({ placement, version, epoch, changed }: PointerResult): string {
  return `${placement}: version ${version} is ${changed ? 'live' : 'live already'} (epoch ${epoch})`;
}
