import { setTimeout as delay } from 'node:timers/promises';
import {
  LostRaceError,
  messageOf,
  TableMissingError,
  UnreachableError,
  UsageError,
} from '../domain/errors.ts';
import { retired } from '../domain/pointer-changes.ts';
import type { Pointer } from '../domain/pointer.ts';
import { authorship, commit } from './commit.ts';
import type { PublisherContext } from './context.ts';
import { readPointerState, requirePointer, sealOrNull } from './pointer-state.ts';
import { planPruning, type PruneDecision, type PruneRules } from './prune-plan.ts';
import { askReplicas, reportText, type ReplicaDirectory, type ReplicaReport } from './replicas.ts';

export interface PruneRequest extends PruneRules {
  readonly placement: string;
  /**
   * Time between the mark in the pointer and the deletion, in milliseconds: longer than servers need to follow the
   * pointer, and than a command needs that read it before.
   */
  readonly graceMs: number;
  /** Whether to delete; otherwise the result says what would be. */
  readonly isConfirmed: boolean;
  readonly replicas?: ReplicaDirectory | undefined;
}

/** What became of one version. */
export interface PruneOutcome extends PruneDecision {
  /** `failed` is harmless: nothing may use the version any more, and the next pruning tries again. */
  readonly outcome: 'kept' | 'would-delete' | 'deleted' | 'failed';
}

export interface Pruned {
  readonly placement: string;
  readonly versions: readonly PruneOutcome[];
  /** The epoch that retired them; null where nothing was written. */
  readonly epoch: number | null;
  readonly warnings: readonly string[];
}

/** Attempts at taking a version off the list again, while others write the pointer. */
const MAX_TAKE_BACKS = 5;

export const DEFAULT_PRUNING = { keepVersions: 3, minAgeMs: 24 * 3_600_000, graceMs: 60_000 } as const;

/**
 * Deletes the tables of versions that nothing needs.
 *
 *     read the pointer ─ plan ─ retire by compare-and-set ─ grace ─ read again ─ delete what is still retired
 *
 * A rollback or activation that read the pointer before the mark loses its race, one that reads it afterwards passes
 * retired versions over: between plan and deletion nobody can choose them. A table that is still being filled when the
 * grace is over stays, and is retired no longer. Rejects, with nothing deleted: LostRaceError
 * where the pointer changed since it was read, UnreachableError where a replica cannot be asked what it serves.
 */
export async function prune(
  context: PublisherContext,
  request: PruneRequest,
  signal: AbortSignal,
): Promise<Pruned> {
  const { placement, keepVersions, isConfirmed, graceMs, replicas } = request;
  if (!Number.isInteger(keepVersions) || keepVersions < 2) {
    throw new UsageError(
      `at least 2 versions must be kept, so that there is one to roll back to; got ${keepVersions}`,
    );
  }
  const state = await readPointerState(context, placement, signal);
  const before = await requirePointer(context, state, placement, signal);
  const reports = await reportsOf(replicas, placement, signal);
  const plan = await planPruning(context, before, request, reports, signal);
  const doomed = plan.decisions.filter(({ isKept }) => !isKept);
  const outcome = (of: (decision: PruneDecision) => PruneOutcome) =>
    plan.decisions.map((each) => (each.isKept ? ({ ...each, outcome: 'kept' } as const) : of(each)));
  if (!isConfirmed || doomed.length === 0) {
    const versions = outcome((each) => ({ ...each, outcome: 'would-delete' }));
    return { placement, versions, epoch: null, warnings: [] };
  }

  const progress = await progressOf(context, doomed, signal);
  const epoch = await mark(context, state, before, doomed, plan.gone, signal);
  await delay(graceMs, undefined, { signal });
  const spared = await lookAgain(context, request, doomed, progress, signal);
  const outcomes = new Map<string, PruneOutcome>();
  for (const each of doomed) {
    const why = spared.get(each.version);
    outcomes.set(
      each.version,
      why === undefined
        ? await remove(context, each, signal)
        : { ...each, isKept: true, outcome: 'kept', why },
    );
  }
  const versions = outcome((each) => outcomes.get(each.version) ?? { ...each, outcome: 'failed' });
  const warnings = versions
    .filter((each) => each.outcome === 'failed')
    .map((each) => `${each.version} ${each.why}`);
  return { placement, versions, epoch, warnings };
}

/** Retires what will be deleted, unless all of it is on the list already. */
async function mark(
  context: PublisherContext,
  state: Parameters<typeof commit>[1],
  before: Pointer,
  doomed: readonly PruneDecision[],
  gone: readonly string[],
  signal: AbortSignal,
): Promise<number | null> {
  const versions = doomed.map(({ version }) => version);
  if (versions.every((version) => before.retired.includes(version))) return null;
  const author = authorship(context, before.epoch + 1, `retired ${versions.length} version(s) for pruning`);
  const next = retired(before, versions, gone, author);
  const { pointer, warnings } = await commit(context, state, next, 'retire', signal);
  // Were the pointer lost now, its lists would come from the newest record, which would not know of these.
  if (warnings.length > 0)
    throw new UnreachableError(`${warnings.join('; ')}. Nothing was deleted; prune again.`);
  return pointer.epoch;
}

/** After the grace: which of the retired must stay all the same, and why. */
async function lookAgain(
  context: PublisherContext,
  { placement, replicas }: PruneRequest,
  doomed: readonly PruneDecision[],
  progress: Progress,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const progressNow = await progressOf(context, doomed, signal);
  const state = await readPointerState(context, placement, signal);
  const pointer = await requirePointer(context, state, placement, signal);
  const reports = await reportsOf(replicas, placement, signal);
  const spared = new Map<string, string>();
  for (const { version, table, isSealed } of doomed) {
    const served = reports.find((report) => report.version === version || report.table === table);
    if (pointer.version === version || pointer.table === table) spared.set(version, 'is live by now');
    else if (!pointer.retired.includes(version)) spared.set(version, 'is not retired any more');
    else if (served !== undefined) spared.set(version, `is served by ${served.replica} by now`);
    else if (!isSealed && (await sealOrNull(context.tables, table, signal)) !== null) {
      await takeBack(context, placement, version, signal);
      spared.set(version, 'was sealed meanwhile: its load was under way');
    } else if (progressNow.get(version) !== progress.get(version)) {
      await takeBack(context, placement, version, signal);
      spared.set(version, 'was written to meanwhile: its load is under way');
    }
  }
  return spared;
}

/** How far the loads of tables without a seal are, by version: what it says matters only where it changes. */
type Progress = ReadonlyMap<string, string | null>;

async function progressOf(
  { tables }: Pick<PublisherContext, 'tables'>,
  doomed: readonly PruneDecision[],
  signal: AbortSignal,
): Promise<Progress> {
  const found = new Map<string, string | null>();
  for (const { version, table, isSealed } of doomed) {
    if (isSealed) continue;
    const progress = await tables.readProgress(table, signal).catch((error: unknown) => {
      // Deleted meanwhile, or not made yet.
      if (error instanceof TableMissingError) return null;
      throw error;
    });
    found.set(version, progress && `${progress.users} of ${progress.contentHash}`);
  }
  return found;
}

/** A load that goes on, or came to its end, after all: its version may be activated. */
async function takeBack(
  context: PublisherContext,
  placement: string,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const state = await readPointerState(context, placement, signal);
    const before = await requirePointer(context, state, placement, signal);
    const author = authorship(context, before.epoch + 1, `${version} is being loaded or sealed: not retired`);
    try {
      await commit(context, state, retired(before, [], [version], author), 'retire', signal);
      return;
    } catch (error) {
      if (!(error instanceof LostRaceError) || attempt === MAX_TAKE_BACKS) throw error;
    }
  }
}

async function remove(
  { tables }: Pick<PublisherContext, 'tables'>,
  decision: PruneDecision,
  signal: AbortSignal,
): Promise<PruneOutcome> {
  try {
    await tables.delete(decision.table, signal);
    return { ...decision, outcome: 'deleted' };
  } catch (error) {
    const why = `could not be deleted (${messageOf(error)}); the next pruning tries again`;
    return { ...decision, outcome: 'failed', why };
  }
}

/** What every replica serves. A version that one might be serving must not go, so each has to answer. */
async function reportsOf(
  replicas: ReplicaDirectory | undefined,
  placement: string,
  signal: AbortSignal,
): Promise<readonly ReplicaReport[]> {
  if (replicas === undefined) return [];
  const reports = await askReplicas(replicas, placement, signal);
  const silent = reports.filter(({ problem }) => problem !== null);
  if (reports.length > 0 && silent.length === 0) return reports;
  const lines =
    reports.length === 0
      ? [`  ${replicas.name}: no replica at all`]
      : silent.map((report) => `  ${report.replica} ${reportText(report)}`);
  throw new UnreachableError(
    `nothing was deleted, because a replica may serve a version that nobody can ask it about:\n${lines.join('\n')}`,
  );
}
