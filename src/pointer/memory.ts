import { UnreachableError } from '../domain/errors.ts';
import { MAX_POINTER_BYTES } from '../domain/pointer.ts';
import { bounded } from './bounded.ts';
import { encodePointer } from './codec.ts';
import { compareAndSet, type WriteOutcome } from './compare-and-set.ts';
import type { PointerReading, PointerSource } from './pointer-source.ts';
import type { PointerWriter } from './pointer-writer.ts';

/** A pointer store in this process, with the faults of a real one for tests to cause. */
export interface MemoryPointers extends PointerSource, PointerWriter {
  /** Stores content as a hand would: no condition, no schema. */
  put(placement: string, content: string | Uint8Array): void;
  remove(placement: string): void;
  /** From now on the store answers nothing, until `failing` is false again. */
  setFailing(failing: boolean): void;
  /** The next write is stored, and its answer lost. */
  loseNextReply(): void;
  /** Changes no longer cause hints, until `lost` is false again. */
  setHintsLost(lost: boolean): void;
}

interface Stored {
  readonly content: Uint8Array;
  readonly token: string;
}

/** Memory does not hang; the bound is there because every adapter's reads have one. */
const DEADLINE_MS = 2_000;

/** Pointers that live and die with the process: for tests, and for whatever needs no other process to see them. */
export function createMemoryPointers(): MemoryPointers {
  const objects = new Map<string, Stored>();
  const hints = new Map<string, Set<() => void>>();
  const closing = new AbortController();
  let tokens = 0;
  let failing = false;
  let hintsLost = false;
  let loseReply = false;

  const changed = (placement: string) => {
    if (!hintsLost) for (const onHint of hints.get(placement) ?? []) onHint();
  };
  const store = (placement: string, content: string | Uint8Array): string => {
    const token = `m${++tokens}`;
    objects.set(placement, { content: Buffer.from(content), token });
    changed(placement);
    return token;
  };
  const answer = <T>(what: string, signal: AbortSignal, work: () => T): Promise<T> =>
    bounded({ what, signal, closed: closing.signal, deadlineMs: DEADLINE_MS }, async () => {
      if (failing) throw new UnreachableError(`${what}: the store does not answer`);
      return work();
    });
  const read = (placement: string, signal: AbortSignal, unlessToken?: string) =>
    answer(`reading the pointer of ${placement}`, signal, (): PointerReading => {
      const found = objects.get(placement);
      if (found === undefined) return { kind: 'absent' };
      if (found.token === unlessToken) return { kind: 'unchanged' };
      return { kind: 'found', content: found.content.slice(0, MAX_POINTER_BYTES + 1), token: found.token };
    });

  return {
    read,
    async write(pointer, expected, signal) {
      const { placement } = pointer;
      const attempt = () =>
        answer(`writing the pointer of ${placement}`, signal, (): WriteOutcome => {
          if ((objects.get(placement)?.token ?? null) !== expected) return { kind: 'refused' };
          const token = store(placement, encodePointer(pointer));
          if (!loseReply) return { kind: 'stored', token };
          loseReply = false;
          throw new UnreachableError(`the reply to the write of ${placement} was lost`);
        });
      const where = `the pointer of ${placement}`;
      const readBack = () => read(placement, signal);
      return compareAndSet({ pointer, expected, where, signal, attempt, readBack });
    },
    listPlacements: (signal) => answer('listing the pointers', signal, () => [...objects.keys()]),
    watch(placement, onHint) {
      // A wrapper of its own, so that the same function watching twice is stopped one watch at a time.
      const hint = () => onHint();
      const watching = hints.get(placement) ?? new Set();
      hints.set(placement, watching.add(hint));
      return () => void watching.delete(hint);
    },
    async close() {
      hints.clear();
      closing.abort();
    },
    put: store,
    remove(placement) {
      objects.delete(placement);
      changed(placement);
    },
    setFailing: (value) => void (failing = value),
    loseNextReply: () => void (loseReply = true),
    setHintsLost: (value) => void (hintsLost = value),
  };
}
