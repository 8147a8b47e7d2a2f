import { setTimeout as delay } from 'node:timers/promises';
import { LostRaceError, messageOf, UnreachableError } from '../domain/errors.ts';
import type { Pointer, PointerContent } from '../domain/pointer.ts';
import { decodePointer, encodePointer } from './codec.ts';
import type { PointerReading, PointerToken } from './pointer-source.ts';

/** What a store said of one conditional write. Where it did not say, the attempt rejects: the outcome is unknown. */
export type WriteOutcome =
  | { readonly kind: 'stored'; readonly token: PointerToken }
  /** The condition did not hold. */
  | { readonly kind: 'refused' }
  /** Another conditional write was under way (S3's 409): nothing was written, it may be tried again. */
  | { readonly kind: 'conflict' }
  /** Nothing was written, nor would it be at another try: no permission, no bucket. */
  | { readonly kind: 'failed'; readonly error: UnreachableError };

/** One pointer to store, and how its store writes and reads. */
export interface CompareAndSet {
  readonly pointer: Pointer;
  readonly expected: PointerToken | null;
  /** Where the pointer is kept, for messages. */
  readonly where: string;
  readonly signal: AbortSignal;
  /** Stores the pointer's text once, on condition that the object still has the token `expected`. */
  readonly attempt: (text: string) => Promise<WriteOutcome>;
  readonly readBack: () => Promise<PointerReading>;
}

/** Every attempt is conditional, so repeating one cannot overwrite anything; four outlast a burst of conflicts. */
const MAX_ATTEMPTS = 4;
/** Wait before the second attempt, in milliseconds, doubled for each further one and jittered by half. */
const FIRST_PAUSE_MS = 50;

/**
 * The rule of every pointer store: a write that was not plainly stored is read back. Our own `writeId` there means
 * that we won, somebody else's that we lost, and an object that did not change that the write may be repeated.
 *
 *     attempt ─ stored ────────────────────────────────────────────────▶ token
 *        ▲    └ refused, conflict, unknown ▶ read back ─ our writeId ──▶ token
 *        │                                     │   │  └─ another one ──▶ LostRaceError
 *        └──────────── unchanged ──────────────┘   └─ no answer ───────▶ UnreachableError
 */
export async function compareAndSet(write: CompareAndSet): Promise<PointerToken> {
  const { pointer, expected, where } = write;
  if (write.signal.aborted) throw new UnreachableError(`${where}: given up before anything was written`);
  // What readers would refuse is not stored: throws PointerRejectedError.
  const text = encodePointer(pointer);
  decodePointer(Buffer.from(text), pointer.placement);
  // The failure that leaves open whether an earlier attempt was stored.
  let doubt: unknown;
  for (let attempts = 1; ; attempts++) {
    const outcome = await write
      .attempt(text)
      .catch((cause: unknown) => ({ kind: 'unknown', cause }) as const);
    if (outcome.kind === 'stored') return outcome.token;
    if (outcome.kind === 'failed') throw doubt === undefined ? outcome.error : unsure(write, doubt);
    if (outcome.kind === 'unknown') doubt = outcome.cause;

    const found = await lookAgain(write, doubt);
    const content = found.kind === 'found' ? readable(found.content, pointer.placement) : undefined;
    if (
      found.kind === 'found' &&
      content?.kind === 'pointer' &&
      content.pointer.writeId === pointer.writeId
    ) {
      return found.token;
    }
    const unchanged = found.kind === 'found' ? found.token === expected : expected === null;
    if (!unchanged) {
      if (doubt !== undefined && mayHaveReplacedOurs(content, pointer)) {
        throw new UnreachableError(
          `${where} did not say whether epoch ${pointer.epoch} was stored (${messageOf(doubt)}), and now holds ` +
            `${described(found, content)}. "topshelf status" shows what is live.`,
          { cause: doubt },
        );
      }
      throw lost(where, described(found, content));
    }
    if (attempts === MAX_ATTEMPTS) {
      if (doubt === undefined)
        throw lost(where, 'what it held before: others are writing at the same moment');
      throw unsure(write, doubt);
    }
    await pause(attempts, write);
  }
}

/** Once our write may have been stored, anything but an epoch up to ours may have been written on top of it. */
function mayHaveReplacedOurs(content: PointerContent | undefined, ours: Pointer): boolean {
  return content?.kind !== 'pointer' || content.pointer.epoch > ours.epoch;
}

async function lookAgain(write: CompareAndSet, doubt: unknown): Promise<PointerReading> {
  try {
    return await write.readBack();
  } catch (error) {
    throw unsure(write, doubt ?? error);
  }
}

function readable(content: Uint8Array, placement: string): PointerContent | undefined {
  try {
    return decodePointer(content, placement);
  } catch {
    return undefined;
  }
}

function described(found: PointerReading, content: PointerContent | undefined): string {
  if (found.kind === 'absent') return 'nothing: the pointer was deleted';
  if (content === undefined) return 'something that is not a pointer';
  if (content.kind === 'bare') return `the table name ${content.table}, written by hand`;
  const { epoch, activatedBy, version, reason } = content.pointer;
  return `epoch ${epoch} by ${activatedBy} (version ${version}: ${reason})`;
}

function lost(where: string, holds: string): LostRaceError {
  return new LostRaceError(
    `${where} was changed by another writer; nothing was written. It holds ${holds}. ` +
      'Look at "topshelf status" and decide again.',
  );
}

function unsure({ where, pointer }: CompareAndSet, cause: unknown): UnreachableError {
  return new UnreachableError(
    `${where} did not say whether epoch ${pointer.epoch} was stored: ${messageOf(cause)}. ` +
      `Once it answers, "topshelf status" shows whether epoch ${pointer.epoch} is live; if not, run the command again.`,
    { cause },
  );
}

async function pause(attempts: number, write: CompareAndSet): Promise<void> {
  const full = FIRST_PAUSE_MS * 2 ** (attempts - 1);
  try {
    await delay(full * (0.5 + Math.random() / 2), undefined, { signal: write.signal });
  } catch (error) {
    throw unsure(write, error);
  }
}
