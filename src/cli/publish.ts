import type { Command } from 'commander';
import { liveText } from './activate.ts';
import { loadedJson, loadedText } from './load.ts';
import { keepOption, reasonOption, requiredPlacement } from './options.ts';
import { warn, type Session } from './session.ts';
import { pointerCommand, runWaiting, type WaitFlags } from './wait-options.ts';

interface Flags extends WaitFlags {
  readonly placement: string;
  readonly reason: string;
  readonly keep: number;
}

export function publishCommand(session: Session): Command {
  return pointerCommand('publish', 'load, check and activate in one go')
    .argument('<files...>', 'CSV files with columns ENTITY, CLASS, SCORE; plain or gzip')
    .addOption(requiredPlacement())
    .addOption(keepOption())
    .addOption(reasonOption('published'))
    .action((paths: string[], flags: Flags) =>
      runWaiting(session, flags, async ({ context, onProgress, signal }) => {
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
