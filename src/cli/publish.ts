import type { Command } from 'commander';
import { liveText } from './activate.ts';
import { loadedJson, loadedText } from './load.ts';
import { INPUT_FILES, inputRequest, withInputOptions, type InputFlags } from './input-options.ts';
import { keepOption, publishingCommand, reasonOption, requiredPlacement } from './options.ts';
import { runPublishing, warn, type CommonFlags, type Session } from './session.ts';

interface Flags extends CommonFlags, InputFlags {
  readonly placement: string;
  readonly reason: string;
  readonly keep: number;
}

export function publishCommand(session: Session): Command {
  return withInputOptions(publishingCommand('publish', 'load, check and activate in one go'))
    .argument('<files...>', INPUT_FILES)
    .addOption(requiredPlacement())
    .addOption(keepOption())
    .addOption(reasonOption('published'))
    .action((paths: string[], flags: Flags) =>
      runPublishing(session, flags, async ({ context, onProgress, signal }) => {
        const { publish } = await import('../publishing/publish.ts');
        const { loaded, activated } = await publish(
          context,
          { paths, input: inputRequest(flags), ...flags },
          onProgress,
          signal,
        );
        warn(onProgress, activated.warnings);
        return {
          json: { ...activated, loaded: loadedJson(loaded) },
          text: `${loadedText(loaded)}\n${liveText(activated)}`,
        };
      }),
    );
}
