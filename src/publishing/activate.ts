import { HeldError, NotFoundError, QuarantinedError, UsageError } from '../domain/errors.ts';
import { shown } from '../domain/ids.ts';
import { activated, outOfQuarantine } from '../domain/pointer-changes.ts';
import type { Pointer } from '../domain/pointer.ts';
import type { Seal } from '../domain/seal.ts';
import { isVersion, tableName } from '../domain/version.ts';
import type { Verdict } from '../gate/gate.ts';
import { askGate, floorsGate, type Gate } from './ask-gate.ts';
import { authorship, commit } from './commit.ts';
import type { PublisherContext } from './context.ts';
import {
  listsOf,
  readPointerState,
  sealOrNull,
  standingOf,
  type PointerState,
  type Standing,
} from './pointer-state.ts';

export interface ActivateRequest {
  readonly placement: string;
  readonly version: string;
  readonly reason: string;
  readonly gate?: Gate;
  /** The explicit word for a quarantined version: why it may come back, with its content. Kept in pointer and record. */
  readonly fromQuarantine?: string | undefined;
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

export type Activated = PointerResult & { readonly verdict: Verdict | null };

/**
 * Makes a sealed version live. Everything is decided on one reading of the pointer, and the write is conditional on that
 * reading. Rejects, with nothing written: NotFoundError (no such sealed version), HeldError, QuarantinedError,
 * GateError, LostRaceError, UnreachableError. The version that is live already is a success.
 */
export async function activate(
  context: PublisherContext,
  { placement, version, reason, gate = floorsGate, fromQuarantine }: ActivateRequest,
  signal: AbortSignal,
): Promise<Activated> {
  const state = await readPointerState(context, placement, signal);
  if (state.kind === 'pointer' && state.pointer.version === version) {
    return { ...resultOf(state.pointer), changed: false, warnings: [], verdict: null };
  }
  const standing = await standingOf(context, placement, state);
  assertNotHeld(placement, state, standing);
  const table = tableName(context.tablePrefix, placement, version);
  const seal = await sealedVersion(context, { placement, version, table }, signal);
  assertMayReturn(seal, standing, fromQuarantine);
  const live = state.kind === 'pointer' ? state.pointer : null;
  const verdict = await askGate(gate, { candidate: seal, live });
  const why = fromQuarantine === undefined ? reason : `${reason}; out of quarantine: ${fromQuarantine}`;
  const author = authorship(context, standing.nextEpoch, why);
  const lists = listsOf(standing.before);
  const quarantined = outOfQuarantine(lists.quarantined, seal);
  const next: Pointer = { ...activated(live, { table, seal }, author), ...lists, quarantined };
  const { pointer, warnings } = await commit(context, state, next, 'activate', signal);
  const replaced =
    state.kind === 'malformed'
      ? [`what the pointer held could not be read (${state.error.message}) and was replaced`]
      : [];
  return { ...resultOf(pointer), changed: true, warnings: [...replaced, ...warnings], verdict };
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

async function sealedVersion(
  { tables }: PublisherContext,
  { placement, version, table }: { placement: string; version: string; table: string },
  signal: AbortSignal,
): Promise<Seal> {
  if (!isVersion(version)) {
    throw new NotFoundError(
      `${shown(version)} is not a version; "topshelf versions" lists those of ${placement}`,
    );
  }
  const seal = await sealOrNull(tables, table, signal);
  if (seal === null) {
    throw new NotFoundError(
      `version ${version} of ${placement} is not there or not sealed (table ${table}); only a version whose load ended can go live`,
    );
  }
  if (seal.version !== version || seal.placement !== placement) {
    throw new NotFoundError(`the seal of table ${table} is that of ${seal.placement} ${seal.version}`);
  }
  return seal;
}

function assertMayReturn(
  { placement, version, contentHash }: Seal,
  { before }: Standing,
  fromQuarantine: string | undefined,
): void {
  const entry = before?.quarantined.find(
    (left) => left.version === version || left.contentHash === contentHash,
  );
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
