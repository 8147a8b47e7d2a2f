import type { Command } from 'commander';
import type { Activated, PointerResult } from '../publishing/activate.ts';
import { overrideOption, withGateOptions, type GateFlags } from './gate-options.ts';
import { reasonOption, requiredPlacement } from './options.ts';
import { warn, type Session } from './session.ts';
import { pointerCommand, runWaiting, type WaitFlags } from './wait-options.ts';

interface Flags extends WaitFlags, GateFlags {
  readonly placement: string;
  readonly reason: string;
  readonly override?: string;
  readonly fromQuarantine?: string;
}

export function activateCommand(session: Session): Command {
  return withGateOptions(pointerCommand('activate', 'check a sealed version and make it live'))
    .argument('<version>', 'as "topshelf versions" lists it')
    .addOption(requiredPlacement())
    .addOption(reasonOption('activated by hand'))
    .addOption(overrideOption())
    .option('--from-quarantine <why>', 'let a quarantined version come back, and say why for ever')
    .action((version: string, flags: Flags) =>
      runWaiting(session, flags, async ({ context, onProgress, signal }) => {
        const { activate } = await import('../publishing/activate.ts');
        const result = await activate(context, { version, ...flags }, signal, onProgress);
        warn(onProgress, result.warnings);
        return { json: result, text: liveText(result) };
      }),
    );
}

export function liveText({ placement, version, epoch, changed, ...rest }: PointerResult | Activated): string {
  if ('replacedBy' in rest && rest.replacedBy !== null)
    return `${placement}: version ${version} was live before (epoch ${epoch}), and is not now`;
  return `${placement}: version ${version} is ${changed ? 'live' : 'live already'} (epoch ${epoch})`;
}
