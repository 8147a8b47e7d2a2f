import { NotFoundError } from '../domain/errors.ts';
import { activated, released } from '../domain/pointer-changes.ts';
import type { Pointer } from '../domain/pointer.ts';
import { resultOf, type PointerResult } from './activate.ts';
import { readRecord, recordedEpochs } from './activation-records.ts';
import { authorship, commit } from './commit.ts';
import type { PublisherContext } from './context.ts';
import {
  listsOf,
  malformed,
  readPointerState,
  sealOrNull,
  standingOf,
  type PointerState,
} from './pointer-state.ts';
import { assertAsSeen, type Seen } from './seen.ts';

export interface ReleaseRequest {
  readonly placement: string;
  readonly reason: string;
  /** As for a rollback. */
  readonly seen?: Seen | undefined;
}

/**
 * Ends the hold; what is live stays live. A bare table name becomes a pointer of topshelf's own form, and a pointer
 * that is gone or unreadable comes back as its newest record says. Without a hold nothing is written.
 */
export async function release(
  context: PublisherContext,
  { placement, reason, seen }: ReleaseRequest,
  signal: AbortSignal,
): Promise<PointerResult> {
  const state = await readPointerState(context, placement, signal);
  assertAsSeen(placement, state, seen);
  if (state.kind === 'pointer' && state.pointer.hold === null) {
    return { ...resultOf(state.pointer), changed: false, warnings: [] };
  }
  const standing = await standingOf(context, placement, state, signal);
  const author = authorship(context, standing.nextEpoch, reason);
  let next: Pointer;
  if (state.kind === 'pointer') {
    next = released(state.pointer, author);
  } else {
    const target = await whatIsLive(context, placement, state, signal);
    next = { ...activated(null, target, author), ...listsOf(standing.before), hold: null };
  }
  const { pointer, warnings } = await commit(context, state, next, 'release', signal);
  return { ...resultOf(pointer), changed: true, warnings };
}

async function whatIsLive(
  context: PublisherContext,
  placement: string,
  state: Exclude<PointerState, { kind: 'pointer' }>,
  signal: AbortSignal,
) {
  if (state.kind === 'bare') {
    if (state.seal !== null) return { table: state.table, seal: state.seal };
    throw new NotFoundError(
      `table ${state.table}, which the pointer of ${placement} names, has no seal of ${placement}: ` +
        'topshelf cannot vouch for it. "topshelf rollback" goes back to the version before.',
    );
  }
  const [epoch] = await recordedEpochs(context.archive, placement, signal);
  if (epoch === undefined) {
    if (state.kind === 'malformed') throw malformed(placement, state.error);
    throw new NotFoundError(
      `placement ${placement} has no pointer, and none was ever recorded: nothing is held`,
    );
  }
  const { table, version } = await readRecord(context.archive, placement, epoch, signal);
  const seal = await sealOrNull(context.tables, table, signal);
  if (seal?.version !== version) {
    throw new NotFoundError(
      `version ${version}, the last one recorded as live, is not there or not sealed (table ${table}): ` +
        `"topshelf versions --placement ${placement}" lists what can be activated instead`,
    );
  }
  return { table, seal };
}
