import { Option, type Command } from 'commander';
import { InterruptedError, UsageError } from '../domain/errors.ts';
import type { PointerResult } from '../publishing/activate.ts';
import type { MeasuredReplicas } from '../publishing/replicas.ts';
import type { Waited } from '../publishing/wait.ts';
import { durationOption } from './duration.ts';
import { EXIT } from './exit-codes.ts';
import { publishingCommand } from './options.ts';
import type { CommandResult } from './output.ts';
import { runPublishing, type CommonFlags, type Session, type Work } from './session.ts';

export interface ReplicaFlags {
  readonly replicas?: string;
}

export interface WaitFlags extends CommonFlags, ReplicaFlags {
  readonly wait?: boolean;
  /** Milliseconds. */
  readonly waitTimeout?: number;
}

export function replicasOption(): Option {
  return new Option(
    '--replicas <list>',
    'ops listeners of all servers: URLs separated by commas, or dns:name:port for every address of a name',
  );
}

/** A publishing command that writes the pointer: with `--wait` and what goes with it. */
export function pointerCommand(name: string, description: string): Command {
  return publishingCommand(name, description)
    .option(
      '--wait',
      'return when every replica (with --demo the demo) serves it; else exit 4, naming those that do not',
    )
    .addOption(replicasOption())
    .addOption(durationOption('--wait-timeout <time>', 'longest wait for the replicas', '60s'));
}

/** The replicas that the flags name; undefined where they name none. */
export async function replicasOf({ replicas }: ReplicaFlags): Promise<MeasuredReplicas | undefined> {
  if (replicas === undefined) return undefined;
  const { createHttpReplicas } = await import('../publishing/replicas-http.ts');
  return createHttpReplicas({ replicas });
}

type PlacedResult = CommandResult & { readonly json: PointerResult };

/**
 * As `runPublishing`, followed by the wait that the flags ask for. Flags that make no sense are refused before anything
 * is written; a wait in vain is no failure of the work, so what was done is printed all the same.
 */
export function runWaiting(
  session: Session,
  flags: WaitFlags,
  work: (work: Work) => Promise<PlacedResult>,
): Promise<void> {
  return runPublishing(session, flags, async (given) => {
    const replicas = await replicasOf(await withDemoReplica(flags));
    if (flags.wait !== true) {
      if (replicas !== undefined) throw new UsageError('--replicas needs --wait here');
      return work(given);
    }
    if (replicas === undefined) {
      throw new UsageError('--wait needs --replicas: the URLs of all ops listeners, or dns:name:port');
    }
    const { json, text } = await work(given);
    const { placement, epoch } = json;
    const { waitForReplicas } = await import('../publishing/wait.ts');
    const request = { placement, epoch, timeoutMs: flags.waitTimeout ?? 0 };
    const waited = await waitForReplicas(replicas, request, given.signal).catch((error: unknown) => {
      // Whoever interrupts the wait must not take what was written for undone.
      if (!given.signal.aborted) throw error;
      throw new InterruptedError(`epoch ${epoch} is active; whether every replica serves it is not known`);
    });
    if (!waited.isEverywhere) session.exitCode = EXIT.notEverywhere;
    return { json: { ...json, waited }, text: `${text}\n${waitedText(json, waited)}` };
  });
}

/** The demo is its own only replica. */
async function withDemoReplica(flags: WaitFlags): Promise<ReplicaFlags> {
  if (flags.wait !== true || flags.demo !== true || flags.replicas !== undefined) return flags;
  const { findRunningDemo } = await import('../demo/running-demo.ts');
  return { replicas: (await findRunningDemo()).ops };
}

function waitedText({ epoch }: PointerResult, { isEverywhere, replicas, laggards }: Waited): string {
  if (isEverywhere) return `every replica (${replicas.length}) serves epoch ${epoch} or a later one`;
  const lines = laggards.map((line) => `  ${line}`);
  return `epoch ${epoch} is active, but not on every replica in time:\n${lines.join('\n')}`;
}
