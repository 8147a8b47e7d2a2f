import type { Pointer } from '../domain/pointer.ts';
import type { PointerToken } from './pointer-source.ts';

/** The writing half of a pointer store: compare-and-set, and nothing else. */
export interface PointerWriter {
  /**
   * Stores `pointer` only if the object still has the token `expected` (null: only if there is none).
   * Resolves when the pointer is stored, with its token: also where the store reported a failure but a second look
   * finds our `writeId` there.
   * Rejects with LostRaceError when somebody else's write came first (nothing was written), and with
   * UnreachableError when the store does not say what happened: the message tells how to find out. With
   * PointerRejectedError, and nothing written, where readers would refuse the pointer (it is too large, say).
   */
  write(pointer: Pointer, expected: PointerToken | null, signal: AbortSignal): Promise<PointerToken>;
}
