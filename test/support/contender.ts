import { LostRaceError } from '../../src/domain/errors.ts';
import { activated, type SealedTable } from '../../src/domain/pointer-changes.ts';
import type { Pointer } from '../../src/domain/pointer.ts';
import { assertNotHeld } from '../../src/publishing/activate.ts';
import { authorship, commit } from '../../src/publishing/commit.ts';
import type { PublisherContext } from '../../src/publishing/context.ts';
import { listsOf, readPointerState, standingOf } from '../../src/publishing/pointer-state.ts';

type Contender = Pick<PublisherContext, 'pointers' | 'archive' | 'tables' | 'actor' | 'now'>;

/** An activation without the gate, whose verdict is not what a race is about: read, decide, compare-and-set, record. */
export async function putLive(
  context: Contender,
  target: SealedTable,
  signal: AbortSignal,
): Promise<Pointer> {
  const { placement } = target.seal;
  const state = await readPointerState(context, placement, signal);
  const standing = await standingOf(context, placement, state, signal);
  assertNotHeld(placement, state, standing);
  const before = state.kind === 'pointer' ? state.pointer : null;
  const author = authorship(context, standing.nextEpoch, `epoch ${standing.nextEpoch}`);
  const next = { ...activated(before, target, author), ...listsOf(standing.before) };
  return (await commit(context, state, next, 'activate', signal)).pointer;
}

/** As `putLive`, decided again after every lost race, until it wins. Resolves with the epoch and the races it lost. */
export async function putLiveAtLast(context: Contender, target: SealedTable, signal: AbortSignal) {
  for (let lost = 0; ; lost++) {
    try {
      return { epoch: (await putLive(context, target, signal)).epoch, lost };
    } catch (error) {
      if (!(error instanceof LostRaceError)) throw error;
    }
  }
}
