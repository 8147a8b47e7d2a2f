import type { Command } from 'commander';
import { liveText } from './activate.ts';
import { overrideOption, withGateOptions, type GateFlags } from './gate-options.ts';
import { loadedJson, loadedText } from './load.ts';
import { keepOption, publishingCommand, reasonOption, requiredPlacement } from './options.ts';
import { runPublishing, warn, type CommonFlags, type Session } from './session.ts';

interface Flags extends CommonFlags, GateFlags {
  readonly placement: string;
  readonly reason: string;
  readonly keep: number;
  readonly override?: string;
}

export function publishCommand(session: Session): Command {
  return withGateOptions(publishingCommand('publish', 'load, check and activate in one go'))
    .argument('<files...>', 'CSV files with columns ENTITY, CLASS, SCORE; plain or gzip')
    .addOption(requiredPlacement())
    .addOption(keepOption())
    .addOption(reasonOption('published'))
    .addOption(overrideOption())
    .action((paths: string[], flags: Flags) =>
      runPublishing(session, flags, async ({ context, onProgress, signal }) => {
        const { publish } = await import('../publishing/publish.ts');
        const { loaded, activated } = await publish(context, { paths, ...flags }, onProgress, signal);
        warn(onProgress, activated.warnings);
        return {
          json: { ...activated, loaded: loadedJson(loaded) },
          text: `${loadedText(loaded)}\n${liveText(activated)}`,
        };
      }),
    );
}
