import type { Command } from 'commander';
import { liveText } from './activate.ts';
import { overrideOption, withGateOptions, type GateFlags } from './gate-options.ts';
import { loadedJson, loadedText } from './load.ts';
import { INPUT_FILES, inputRequest, withInputOptions, type InputFlags } from './input-options.ts';
import { estimated, loadRequest, withLoadOptions, type LoadFlags } from './load-options.ts';
import { keepOption, reasonOption, requiredPlacement } from './options.ts';
import { runPublishing, warn, type Session } from './session.ts';
import { pointerCommand, runWaiting, type WaitFlags } from './wait-options.ts';

interface Flags extends WaitFlags, InputFlags, LoadFlags, GateFlags {
  readonly placement: string;
  readonly reason: string;
  readonly keep: number;
  readonly override?: string;
}

export function publishCommand(session: Session): Command {
  const command = pointerCommand('publish', 'load, check and activate in one go');
  return withGateOptions(withLoadOptions(withInputOptions(command)))
    .argument('<files...>', INPUT_FILES)
    .addOption(requiredPlacement())
    .addOption(keepOption())
    .addOption(reasonOption('published'))
    .addOption(overrideOption())
    .action((paths: string[], flags: Flags) =>
      flags.estimate === true ? estimateOnly(session, paths, flags) : publishAndWait(session, paths, flags),
    );
}

function estimateOnly(session: Session, paths: string[], flags: Flags): Promise<void> {
  return runPublishing(session, flags, async (work) =>
    estimated(work, {
      paths,
      ...flags,
      input: inputRequest(flags),
      ...(await loadRequest(flags, work.context)),
    }),
  );
}

function publishAndWait(session: Session, paths: string[], flags: Flags): Promise<void> {
  return runWaiting(session, flags, async ({ context, onProgress, signal }) => {
    const request = { paths, ...flags, input: inputRequest(flags), ...(await loadRequest(flags, context)) };
    const { publish } = await import('../publishing/publish.ts');
    const { loaded, activated } = await publish(context, request, onProgress, signal);
    warn(onProgress, activated.warnings);
    return {
      json: { ...activated, loaded: loadedJson(loaded) },
      text: `${loadedText(loaded)}\n${liveText(activated)}`,
    };
  });
}
