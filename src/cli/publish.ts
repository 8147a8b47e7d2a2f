import type { Command } from 'commander';
import { liveText } from './activate.ts';
import { loadedJson, loadedText } from './load.ts';
import { estimated, loadRequest, withLoadOptions, type LoadFlags } from './load-options.ts';
import { keepOption, publishingCommand, reasonOption, requiredPlacement } from './options.ts';
import { runPublishing, warn, type CommonFlags, type Session } from './session.ts';

interface Flags extends CommonFlags, LoadFlags {
  readonly placement: string;
  readonly reason: string;
  readonly keep: number;
}

export function publishCommand(session: Session): Command {
  return withLoadOptions(publishingCommand('publish', 'load, check and activate in one go'))
    .argument('<files...>', 'CSV files with columns ENTITY, CLASS, SCORE; plain or gzip')
    .addOption(requiredPlacement())
    .addOption(keepOption())
    .addOption(reasonOption('published'))
    .action((paths: string[], flags: Flags) =>
      runPublishing(session, flags, async (work) => {
        const { context, onProgress, signal } = work;
        const request = { paths, ...flags, ...(await loadRequest(flags, context)) };
        if (flags.estimate === true) return estimated(work, request);
        const { publish } = await import('../publishing/publish.ts');
        const { loaded, activated } = await publish(context, request, onProgress, signal);
        warn(onProgress, activated.warnings);
        return {
          json: { ...activated, loaded: loadedJson(loaded) },
          text: `${loadedText(loaded)}\n${liveText(activated)}`,
        };
      }),
    );
}
