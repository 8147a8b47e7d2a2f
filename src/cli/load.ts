import type { Command } from 'commander';
import type { Loaded } from '../publishing/load.ts';
import { INPUT_FILES, inputRequest, withInputOptions, type InputFlags } from './input-options.ts';
import { keepOption, publishingCommand, requiredPlacement } from './options.ts';
import { runPublishing, type CommonFlags, type Session } from './session.ts';

interface Flags extends CommonFlags, InputFlags {
  readonly placement: string;
  readonly keep: number;
}

export function loadCommand(session: Session): Command {
  return withInputOptions(publishingCommand('load', 'read predictions into a new table, and seal it'))
    .argument('<files...>', INPUT_FILES)
    .addOption(requiredPlacement())
    .addOption(keepOption())
    .action((paths: string[], flags: Flags) =>
      runPublishing(session, flags, async ({ context, onProgress, signal }) => {
        const { load } = await import('../publishing/load.ts');
        const loaded = await load(
          context,
          { paths, input: inputRequest(flags), ...flags },
          onProgress,
          signal,
        );
        return { json: loadedJson(loaded), text: loadedText(loaded) };
      }),
    );
}

/** A load as JSON: its manifest says everything but the popular list. */
export function loadedJson({ manifest, seal }: Loaded) {
  return { ...manifest, popular: seal.popular };
}

export function loadedText({ version, table, manifest }: Loaded): string {
  const { placement, users, kept, rows } = manifest;
  return `${placement}: loaded version ${version}: ${users} users, ${kept} of ${rows} rows, table ${table}`;
}
