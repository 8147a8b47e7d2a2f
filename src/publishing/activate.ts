import { HeldError, LostRaceError, NotFoundError, QuarantinedError, UsageError } from '../domain/errors.ts';
import { activated, authored, outOfQuarantine, quarantineOf } from '../domain/pointer-changes.ts';
import type { Override, Pointer } from '../domain/pointer.ts';
import type { Seal } from '../domain/seal.ts';
import { tableName } from '../domain/version.ts';
import type { Verdict } from '../gate/gate.ts';
import { assertCanSign } from '../pointer/signature.ts';
import { askGate } from './ask-gate.ts';
import { checkSubject, type GateOptions } from './check/check.ts';
import { assertAuthorship, authorship, commit } from './commit.ts';
import type { PublisherContext } from './context.ts';
import { listsOf, readPointerState, standingOf, type PointerState, type Standing } from './pointer-state.ts';
import type { OnProgress } from './progress.ts';
import { replacementOf, type Replacement } from './replacement.ts';
import { sealedVersion } from './sealed-version.ts';

export interface ActivateRequest extends GateOptions {
  readonly placement: string;
  readonly version: string;
  readonly reason: string;
  /** Why the gate's verdict is passed over, once, if it is no pass. */
  readonly override?: string | undefined;
  /** The explicit word for a quarantined version: why it may come back, with its content. Kept in pointer and record. */
  readonly fromQuarantine?: string | undefined;
  /** Leaves a version be that was live before and has been replaced since: a run that is done stays as it is. */
  readonly onlyOnce?: boolean | undefined;
}

/** What is live after a command that may change the pointer. */
export interface PointerResult {
  readonly placement: string;
  readonly version: string;
  readonly table: string;
  readonly epoch: number;
  /** False where the pointer said so already, and nothing was written. */
  readonly changed: boolean;
  readonly warnings: readonly string[];
}

export type Activated = PointerResult & {
  readonly verdict: Verdict | null;
  /** The id of the gate's report. */
  readonly check: string | null;
  /** Why the gate was passed over; null where it was not. */
  readonly override: Override | null;
  /** What has taken over from the version since `epoch`, so that it was left as it is; null where it is live. */
  readonly replacedBy: Replacement['by'] | null;
};

/**
 * Makes a sealed version live. Everything is decided on one reading of the pointer, and the write is conditional on that
 * reading, the gate's verdict too: it is about the version that this reading says is live. An override passes over the
 * gate, never over a hold or a quarantine. Rejects, with nothing written: NotFoundError (no such sealed version),
 * HeldError, QuarantinedError, GateError, LostRaceError, UnreachableError. The version that is live already is a success;
 * it is written again, a hold and all, where that gives its pointer the signature of another key. So is one that another
 * process makes live meanwhile: two of one run may come to it at once.
 */
export async function activate(
  context: PublisherContext,
  request: ActivateRequest,
  signal: AbortSignal,
  onProgress?: OnProgress,
): Promise<Activated> {
  assertCanSign(context.signing);
  const read = () => readPointerState(context, request.placement, signal);
  const state = await read();
  const done = await doneAlready(context, request, state, signal);
  if (done !== undefined) return done;
  try {
    return await makeLive(context, request, state, signal, onProgress);
  } catch (error) {
    if (!(error instanceof LostRaceError)) throw error;
    const meanwhile = await doneAlready(context, request, await read(), signal);
    if (meanwhile === undefined) throw error;
    return meanwhile;
  }
}

/** What there is to say where nothing has to be written; undefined where something has. */
async function doneAlready(
  context: PublisherContext,
  { placement, version, onlyOnce }: ActivateRequest,
  state: PointerState,
  signal: AbortSignal,
): Promise<Activated | undefined> {
  if (state.kind === 'pointer' && state.pointer.version === version) {
    return isSignedAnew(state.pointer, context) ? undefined : { ...resultOf(state.pointer), ...UNCHANGED };
  }
  if (onlyOnce !== true) return undefined;
  const replaced = await replacementOf(context, { placement, version }, state, signal);
  return replaced && leftAsItIs(context, { placement, version }, replaced);
}

/** Writes the pointer, if everything allows it on the reading `state`. */
async function makeLive(
  context: PublisherContext,
  { placement, version, reason, override: why, fromQuarantine, onlyOnce: _, ...gate }: ActivateRequest,
  state: PointerState,
  signal: AbortSignal,
  onProgress: OnProgress | undefined,
): Promise<Activated> {
  if (state.kind === 'pointer' && state.pointer.version === version) {
    const again = authored(state.pointer, authorship(context, state.pointer.epoch + 1, reason));
    const { pointer, warnings } = await commit(context, state, again, 'activate', signal);
    return { ...resultOf(pointer), ...UNCHANGED, changed: true, warnings };
  }
  const standing = await standingOf(context, placement, state, signal);
  assertNotHeld(placement, state, standing);
  const table = tableName(context.tablePrefix, placement, version);
  const seal = await sealedVersion(context, { placement, version }, signal);
  assertMayReturn(seal, standing, fromQuarantine);
  const back = fromQuarantine === undefined ? '' : `; out of quarantine: ${fromQuarantine}`;
  assertAuthorship(context, reason + back);
  if (why !== undefined) assertAuthorship(context, why, '--override');
  const asked = why === undefined ? null : { by: context.actor, reason: why };
  const subject = await checkSubject(context, seal, state, gate, signal);
  const { report, override } = await askGate(context, subject, asked, signal, onProgress);
  // Only now: the check may take minutes, and whoever reads the time wants to know since when it was live.
  const author = authorship(context, standing.nextEpoch, reason + back);
  const live = state.kind === 'pointer' ? state.pointer : null;
  const lists = listsOf(standing.before);
  const quarantined = outOfQuarantine(lists.quarantined, seal);
  const next: Pointer = { ...activated(live, { table, seal }, author, override), ...lists, quarantined };
  const { pointer, warnings } = await commit(context, state, next, 'activate', signal, report.id);
  const unread =
    state.kind === 'malformed'
      ? [`what the pointer held could not be read (${state.error.message}) and was replaced`]
      : [];
  const { passed, checks, id } = report;
  return {
    ...resultOf(pointer),
    changed: true,
    warnings: [...unread, ...gateWarnings(why, override), ...warnings],
    verdict: { passed, checks },
    check: id,
    override,
    replacedBy: null,
  };
}

function leftAsItIs(
  { tablePrefix }: PublisherContext,
  { placement, version }: { readonly placement: string; readonly version: string },
  { since, by }: Replacement,
): Activated {
  const goBack = `"topshelf rollback --placement ${placement}"`;
  const warning =
    `version ${version} was live from epoch ${since}, and version ${by.version} has taken over since (epoch ${by.epoch}): ` +
    `nothing was changed. To go back use ${goBack}, or "topshelf activate ${version} --placement ${placement}".`;
  const table = tableName(tablePrefix, placement, version);
  return { placement, version, table, epoch: since, ...UNCHANGED, warnings: [warning], replacedBy: by };
}

/** Whether this publisher would sign with a key that did not sign what is there. */
function isSignedAnew({ signature }: Pointer, { signing }: PublisherContext): boolean {
  return signing?.key !== undefined && signing.key.id !== signature?.keyId;
}

const UNCHANGED = {
  ...{ changed: false, warnings: [], verdict: null, check: null, override: null, replacedBy: null },
} as const;

function gateWarnings(asked: string | undefined, override: Override | null): string[] {
  if (override !== null) return [`the gate's verdict was passed over: ${override.reason}`];
  return asked === undefined ? [] : ['no override was needed, and none is recorded: every check passed'];
}

/** Throws HeldError, saying who holds activations since when and why, or that a pointer was written by hand. */
export function assertNotHeld(placement: string, state: PointerState, { before }: Standing): void {
  if (state.kind === 'bare') {
    throw new HeldError(
      `activations of ${placement} are held: its pointer is the bare table name ${state.table}, written by hand. ` +
        `"topshelf release --placement ${placement}" ends that.`,
    );
  }
  const hold = before?.hold;
  if (!hold) return;
  throw new HeldError(
    `activations of ${placement} are held by ${hold.by} since ${hold.since}: ${hold.reason}. ` +
      `"topshelf release --placement ${placement}" ends the hold.`,
  );
}

export function resultOf({ placement, version, table, epoch }: Pointer) {
  return { placement, version, table, epoch };
}

function assertMayReturn(
  { placement, version, contentHash }: Seal,
  { before }: Standing,
  fromQuarantine: string | undefined,
): void {
  const entry = quarantineOf(before?.quarantined ?? [], { version, contentHash });
  if (entry === undefined && fromQuarantine !== undefined) {
    throw new UsageError(`version ${version} is not quarantined: leave --from-quarantine out`);
  }
  if (fromQuarantine?.trim() === '') throw new UsageError('--from-quarantine needs the reason, got ""');
  if (entry !== undefined && fromQuarantine === undefined) {
    const what =
      entry.version === version
        ? `version ${version}`
        : `the content of ${version} (that of ${entry.version})`;
    throw new QuarantinedError(
      `${what} was quarantined by ${entry.by} at ${entry.at}: ${entry.reason}. ` +
        'Only an explicit word brings it back: --from-quarantine "why".',
    );
  }
  if (before?.retired.includes(version)) {
    throw new NotFoundError(
      `version ${version} of ${placement} is retired: its table is about to be deleted`,
    );
  }
}
