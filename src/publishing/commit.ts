import { randomUUID } from 'node:crypto';
import { messageOf, UsageError } from '../domain/errors.ts';
import { shown } from '../domain/ids.ts';
import type { Authorship } from '../domain/pointer-changes.ts';
import {
  MAX_ACTOR_CHARACTERS,
  MAX_POINTER_BYTES,
  MAX_REASON_CHARACTERS,
  type Pointer,
} from '../domain/pointer.ts';
import { encodePointer } from '../pointer/codec.ts';
import { signed } from '../pointer/signature.ts';
import { record, recordReplaced, type PointerAction } from './activation-records.ts';
import type { PublisherContext } from './context.ts';
import type { PointerState } from './pointer-state.ts';

/** Throws UsageError for an actor or a reason that no pointer could hold; `what`: what the reason is called. */
export function assertAuthorship(
  { actor }: Pick<PublisherContext, 'actor'>,
  reason: string,
  what = 'the reason',
): void {
  for (const [name, text, most] of [
    [what, reason, MAX_REASON_CHARACTERS],
    ['the actor (TOPSHELF_ACTOR)', actor, MAX_ACTOR_CHARACTERS],
  ] as const) {
    if (text.trim() === '' || text.length > most) {
      throw new UsageError(`${name} must have 1 to ${most} characters, got ${text.length}: ${shown(text)}`);
    }
  }
}

/** Who writes this epoch, now. Throws as `assertAuthorship` does. */
export function authorship(
  context: Pick<PublisherContext, 'actor' | 'now'>,
  epoch: number,
  reason: string,
): Authorship {
  assertAuthorship(context, reason);
  const { actor, now } = context;
  return { epoch, writeId: randomUUID(), at: new Date(now()).toISOString(), by: actor, reason };
}

/** A pointer that was written, and what went wrong after that. */
export interface Committed {
  readonly pointer: Pointer;
  readonly warnings: readonly string[];
}

/**
 * Compare-and-set of the pointer, between the records of what it replaces and of what it is. Rejects with LostRaceError,
 * and nothing written, where the pointer is not what `state` says any more. Every write of a pointer comes through here,
 * and is signed here.
 * @param check the id of the gate's report that let this version go live
 */
export async function commit(
  { pointers, archive, signing }: Pick<PublisherContext, 'pointers' | 'archive' | 'signing'>,
  state: PointerState,
  next: Pointer,
  action: PointerAction,
  signal: AbortSignal,
  check: string | null = null,
): Promise<Committed> {
  const pointer = signed(next, signing);
  const bytes = Buffer.byteLength(encodePointer(pointer));
  if (bytes > MAX_POINTER_BYTES) {
    throw new UsageError(
      `the pointer would have ${bytes} bytes, at most ${MAX_POINTER_BYTES} are allowed: unblock products, or give a shorter reason`,
    );
  }
  if (state.kind === 'pointer') await recordReplaced(archive, state.pointer, signal);
  await pointers.write(pointer, state.token, signal);
  const warnings: string[] = [];
  // Also for a command that is interrupted now: what is live must be on record.
  const uninterrupted = new AbortController().signal;
  await record(archive, pointer, action, { check }, uninterrupted).catch((error: unknown) => {
    // The pointer is the truth and it is written: this is no failure of the command. The next writer makes up for it.
    warnings.push(`epoch ${pointer.epoch} is live, but its record is not written yet: ${messageOf(error)}`);
  });
  return { pointer, warnings };
}
