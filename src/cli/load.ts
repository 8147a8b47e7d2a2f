import type { Command } from 'commander';
import type { Loaded } from '../publishing/load.ts';
import { keepOption, publishingCommand, requiredPlacement } from './options.ts';
import { runPublishing, type CommonFlags, type Session } from './session.ts';

interface Flags extends CommonFlags {
  readonly placement: string;
  readonly keep: number;
}

export function loadCommand(session: Session): Command {
  return publishingCommand('load', 'read predictions into a new table, and seal it')
    .argument('<files...>', 'CSV files with columns ENTITY, CLASS, SCORE; plain or gzip')
    .addOption(requiredPlacement())
    .addOption(keepOption())
    .action((paths: string[], flags: Flags) =>
      runPublishing(session, flags, async ({ context, onProgress, signal }) => {
        const { load } = await import('../publishing/load.ts');
        const loaded = await load(context, { paths, ...flags }, onProgress, signal);
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
