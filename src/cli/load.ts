import type { Command } from 'commander';
import type { Loaded } from '../publishing/seal-load.ts';
import { INPUT_FILES, inputRequest, withInputOptions, type InputFlags } from './input-options.ts';
import { estimated, loadRequest, withLoadOptions, type LoadFlags } from './load-options.ts';
import { keepOption, publishingCommand, requiredPlacement } from './options.ts';
import { runPublishing, type CommonFlags, type Session } from './session.ts';

interface Flags extends CommonFlags, InputFlags, LoadFlags {
  readonly placement: string;
  readonly keep: number;
}

export function loadCommand(session: Session): Command {
  const command = publishingCommand('load', 'read predictions into a new table, and seal it');
  return withLoadOptions(withInputOptions(command))
    .argument('<files...>', INPUT_FILES)
    .addOption(requiredPlacement())
    .addOption(keepOption())
    .action((paths: string[], flags: Flags) =>
      runPublishing(session, flags, async (work) => {
        const { context, onProgress, signal } = work;
        const request = {
          paths,
          ...flags,
          input: inputRequest(flags),
          ...(await loadRequest(flags, context)),
        };
        if (flags.estimate === true) return estimated(work, request);
        const { load } = await import('../publishing/load.ts');
        const loaded = await load(context, request, onProgress, signal);
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
