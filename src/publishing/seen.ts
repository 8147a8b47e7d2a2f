import { LostRaceError } from '../domain/errors.ts';
import type { PointerState } from './pointer-state.ts';

/** What the pointer said when somebody decided to change it; null where it did not say. */
export interface Seen {
  readonly epoch: number | null;
  readonly table: string | null;
}

/**
 * Throws LostRaceError where the pointer is not what was seen any more. The compare-and-set of a write covers the time
 * since its own reading; this covers the minutes before, in which a person looked and decided.
 */
export function assertAsSeen(placement: string, state: PointerState, seen: Seen | undefined): void {
  if (seen === undefined) return;
  const now = seenIn(state);
  if (now.epoch === seen.epoch && now.table === seen.table) return;
  throw new LostRaceError(
    `the pointer of ${placement} has moved: this was decided on ${text(seen)}, and it is at ${text(now)}` +
      `${authorOf(state)}. Nothing was written: look again, and decide again.`,
  );
}

function seenIn(state: PointerState): Seen {
  if (state.kind === 'pointer') return { epoch: state.pointer.epoch, table: state.pointer.table };
  return { epoch: null, table: state.kind === 'bare' ? state.table : null };
}

function text({ epoch, table }: Seen): string {
  if (epoch !== null) return `epoch ${epoch}`;
  return table === null ? 'no readable pointer' : `the bare table name ${table}`;
}

function authorOf(state: PointerState): string {
  if (state.kind !== 'pointer') return '';
  const { activatedBy, activatedAt, reason, version } = state.pointer;
  return ` (version ${version}, by ${activatedBy} at ${activatedAt}: ${reason})`;
}
