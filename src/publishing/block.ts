import { UsageError } from '../domain/errors.ts';
import { productIdFault, shown } from '../domain/ids.ts';
import {
  activated,
  blocked,
  unblocked,
  type Authorship,
  type SealedTable,
} from '../domain/pointer-changes.ts';
import type { Pointer } from '../domain/pointer.ts';
import { resultOf, type PointerResult } from './activate.ts';
import { authorship, commit } from './commit.ts';
import type { PublisherContext } from './context.ts';
import { listsOf, readPointerState, requirePointer, standingOf, type Standing } from './pointer-state.ts';
import { assertAsSeen, type Seen } from './seen.ts';

export interface BlockRequest {
  readonly placement: string;
  readonly productIds: readonly string[];
  readonly reason: string;
  /** Whether an id with a comma is meant as it is; otherwise it is taken for a slip, and refused. */
  readonly withCommas?: boolean | undefined;
  /** As for a rollback. */
  readonly seen?: Seen | undefined;
}

export type Blocked = PointerResult & { readonly blocked: readonly string[] };

/** Takes products out of every answer. Allowed under a hold; where all are blocked already, nothing is written. */
export async function block(
  context: PublisherContext,
  request: BlockRequest,
  signal: AbortSignal,
): Promise<Blocked> {
  const listed = request.productIds.find((id) => id.includes(','));
  // A recall that blocks "a,b" looks as if it blocked a and b.
  if (listed !== undefined && request.withCommas !== true) {
    throw new UsageError(
      `product id ${shown(listed)} has a comma. Ids are separated by spaces: nothing was blocked. ` +
        'If the id does have a comma, say so with --with-commas.',
    );
  }
  return changeBlocked(context, request, 'block', signal);
}

/** Lets products back in. Those that are not blocked are no error. */
export function unblock(
  context: PublisherContext,
  request: BlockRequest,
  signal: AbortSignal,
): Promise<Blocked> {
  return changeBlocked(context, request, 'unblock', signal);
}

async function changeBlocked(
  context: PublisherContext,
  { placement, productIds, reason, seen }: BlockRequest,
  action: 'block' | 'unblock',
  signal: AbortSignal,
): Promise<Blocked> {
  for (const id of productIds) {
    const fault = productIdFault(id);
    if (fault !== undefined) throw new UsageError(`product id ${shown(id)} ${fault}`);
  }
  const state = await readPointerState(context, placement, signal);
  assertAsSeen(placement, state, seen);
  const standing = await standingOf(context, placement, state, signal);
  const author = authorship(context, standing.nextEpoch, reason);
  const before =
    state.kind === 'bare' && state.seal !== null
      ? writtenByHand({ table: state.table, seal: state.seal }, standing, author)
      : await requirePointer(context, state, placement, signal);
  const next =
    action === 'block' ? blocked(before, productIds, author) : unblocked(before, productIds, author);
  if (next.blocked.length === before.blocked.length) {
    return { ...resultOf(before), blocked: before.blocked, changed: false, warnings: [] };
  }
  const { pointer, warnings } = await commit(context, state, next, action, signal);
  return { ...resultOf(pointer), blocked: pointer.blocked, changed: true, warnings };
}

/** The pointer that a bare table name stands for: a recall must not wait until the hold that it means is released. */
function writtenByHand(target: SealedTable, { before }: Standing, author: Authorship): Pointer {
  const hold = {
    since: author.at,
    by: 'by hand',
    reason: `the pointer was the bare table name ${target.table}`,
  };
  const lists = listsOf(before);
  return { ...activated(null, target, author), ...lists, hold: lists.hold ?? hold };
}
