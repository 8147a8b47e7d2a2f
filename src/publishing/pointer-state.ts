import { HeldError, NotFoundError, PointerRejectedError, TableMissingError } from '../domain/errors.ts';
import type { Pointer } from '../domain/pointer.ts';
import type { Seal } from '../domain/seal.ts';
import type { PointerToken } from '../pointer/pointer-source.ts';
import { decoderFor } from '../pointer/signature.ts';
import { readRecord, recordedEpochs } from './activation-records.ts';
import { bringBack } from './bring-back.ts';
import type { PublisherContext } from './context.ts';

/** What a placement's pointer said when it was read; its token is what the decision's write is conditional on. */
export type PointerState =
  | { readonly kind: 'absent'; readonly token: null }
  | { readonly kind: 'pointer'; readonly token: PointerToken; readonly pointer: Pointer }
  /** Written by hand. `seal` is null where the table has none, or is not there. */
  | {
      readonly kind: 'bare';
      readonly token: PointerToken;
      readonly table: string;
      readonly seal: Seal | null;
    }
  /** What readers refuse: for what it says, or because nobody they believe signed it. */
  | { readonly kind: 'malformed'; readonly token: PointerToken; readonly error: PointerRejectedError };

/** The lists that outlive a version, and the epoch that the next write gets. */
export interface Standing {
  readonly nextEpoch: number;
  /** What the next pointer keeps hold, quarantine, retired and blocked from; null for a placement's first. */
  readonly before: Pick<Pointer, 'hold' | 'quarantined' | 'retired' | 'blocked'> | null;
}

/** Reads the pointer once. Rejects with UnreachableError where the store does not answer. */
export async function readPointerState(
  { pointers, tables, signing }: Pick<PublisherContext, 'pointers' | 'tables' | 'signing'>,
  placement: string,
  signal: AbortSignal,
): Promise<PointerState> {
  const reading = await pointers.read(placement, signal);
  if (reading.kind !== 'found') return { kind: 'absent', token: null };
  const { content, token } = reading;
  try {
    const decoded = decoderFor(signing?.keys)(content, placement);
    if (decoded.kind === 'pointer') return { kind: 'pointer', token, pointer: decoded.pointer };
    const seal = await sealOrNull(tables, decoded.table, signal);
    return { kind: 'bare', token, table: decoded.table, seal: seal?.placement === placement ? seal : null };
  } catch (error) {
    if (error instanceof PointerRejectedError) return { kind: 'malformed', token, error };
    throw error;
  }
}

/** A table's seal; null also where there is no such table. */
export async function sealOrNull(
  tables: PublisherContext['tables'],
  table: string,
  signal: AbortSignal,
): Promise<Seal | null> {
  try {
    return await tables.readSeal(table, signal);
  } catch (error) {
    if (error instanceof TableMissingError) return null;
    throw error;
  }
}

/**
 * Where the next write starts from. A pointer without a readable epoch has lost its lists too: they come from the
 * newest record, so that writing a pointer by hand lets no quarantined version and no blocked product back in.
 */
export async function standingOf(
  { archive }: Pick<PublisherContext, 'archive'>,
  placement: string,
  state: PointerState,
  signal: AbortSignal,
): Promise<Standing> {
  if (state.kind === 'pointer') return { nextEpoch: state.pointer.epoch + 1, before: state.pointer };
  const [highest] = await recordedEpochs(archive, placement, signal);
  if (highest === undefined) return { nextEpoch: 1, before: null };
  return { nextEpoch: highest + 1, before: await readRecord(archive, placement, highest, signal) };
}

/** Hold, quarantine, retired and blocked of `before`, which may be a pointer or a record. */
export function listsOf(
  before: Standing['before'],
): Pick<Pointer, 'hold' | 'quarantined' | 'retired' | 'blocked'> {
  const { hold = null, quarantined = [], retired = [], blocked = [] } = before ?? {};
  return { hold, quarantined, retired, blocked };
}

/** The pointer, for commands that change what it says. Rejects where it says nothing they could change. */
export async function requirePointer(
  { archive }: Pick<PublisherContext, 'archive'>,
  state: PointerState,
  placement: string,
  signal: AbortSignal,
): Promise<Pointer> {
  switch (state.kind) {
    case 'pointer':
      return state.pointer;
    case 'absent': {
      const [last] = await recordedEpochs(archive, placement, signal);
      throw noPointer(placement, last);
    }
    case 'malformed':
      throw malformed(placement, state.error);
    case 'bare':
      throw new HeldError(
        `the pointer of ${placement} is the bare table name ${state.table}, written by hand: ` +
          '"topshelf release" first gives it the form that holds everything else.',
      );
  }
}

/** What commands other than `activate` and `release` say where there is no pointer; `last` is its last recorded epoch. */
export function noPointer(placement: string, last: number | undefined): NotFoundError {
  return new NotFoundError(
    last === undefined
      ? `placement ${placement} has no pointer, and none was ever recorded: nothing is live. Activate a version first.`
      : `the pointer of ${placement} is gone; epoch ${last} was its last. ${bringBack(placement)}`,
  );
}

/** What commands other than `activate` say of a pointer that cannot be read. */
export function malformed(placement: string, error: PointerRejectedError): PointerRejectedError {
  return new PointerRejectedError(
    error.reason,
    `the pointer of ${placement} cannot be read: ${error.message}. Servers stay on what they have; ` +
      '"topshelf activate" of a good version replaces it.',
    { cause: error },
  );
}
