import { activated, rolledBack, type Authorship } from '../domain/pointer-changes.ts';
import type { Pointer } from '../domain/pointer.ts';
import { resultOf, type PointerResult } from './activate.ts';
import { recordedEpochs } from './activation-records.ts';
import { authorship, commit } from './commit.ts';
import type { PublisherContext } from './context.ts';
import {
  listsOf,
  malformed,
  noPointer,
  readPointerState,
  standingOf,
  type PointerState,
  type Standing,
} from './pointer-state.ts';
import { rollbackTarget } from './rollback-target.ts';
import { assertAsSeen, type Seen } from './seen.ts';

export interface RollbackRequest {
  readonly placement: string;
  readonly reason: string;
  /** Go back to this version, and to no other. */
  readonly to?: string | undefined;
  /** What the pointer said when this was decided; anything else now is a lost race. */
  readonly seen?: Seen | undefined;
}

export type RolledBack = PointerResult & {
  /** The version that was left, now quarantined; null where a table without a seal was live. */
  readonly left: string | null;
};

/**
 * Goes back to the latest earlier version that may be live, quarantines what it leaves, and takes a hold. Rejects with
 * NotFoundError, which says why, where there is none; with LostRaceError, nothing written, as every writer.
 */
export async function rollback(
  context: PublisherContext,
  { placement, reason, to, seen }: RollbackRequest,
  signal: AbortSignal,
): Promise<RolledBack> {
  const state = await readPointerState(context, placement, signal);
  assertAsSeen(placement, state, seen);
  if (state.kind === 'absent')
    throw noPointer(placement, (await recordedEpochs(context.archive, placement, signal))[0]);
  if (state.kind === 'malformed') throw malformed(placement, state.error);
  const standing = await standingOf(context, placement, state, signal);
  const author = authorship(context, standing.nextEpoch, reason);
  const leaving = leavingOf(state, standing, author);
  const target = await rollbackTarget(
    context,
    { placement, leaving, epoch: standing.nextEpoch, before: standing.before, to },
    signal,
  );
  const next: Pointer =
    leaving === undefined
      ? {
          ...activated(null, target, author),
          ...listsOf(standing.before),
          hold: { since: author.at, by: author.by, reason },
        }
      : rolledBack(leaving, target, author);
  const { pointer, warnings } = await commit(context, state, next, 'rollback', signal);
  return { ...resultOf(pointer), left: leaving?.version ?? null, changed: true, warnings };
}

/** The pointer that is left; for a bare table name, the one it stands for; undefined where its version is unknown. */
function leavingOf(
  state: Extract<PointerState, { kind: 'pointer' | 'bare' }>,
  { before }: Standing,
  author: Authorship,
): Pointer | undefined {
  if (state.kind === 'pointer') return state.pointer;
  const { seal, table } = state;
  return seal === null ? undefined : { ...activated(null, { table, seal }, author), ...listsOf(before) };
}
