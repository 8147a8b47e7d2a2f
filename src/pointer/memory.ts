import { UnreachableError } from '../domain/errors.ts';
import { MAX_POINTER_BYTES } from '../domain/pointer.ts';
import { bounded } from './bounded.ts';
import { compareAndSet, type WriteOutcome } from './compare-and-set.ts';
import type { PointerReading, PointerSource } from './pointer-source.ts';
import type { PointerWriter } from './pointer-writer.ts';

/** A pointer store in this process, with the faults of a real one for tests to cause. */
export interface MemoryPointers extends PointerSource, PointerWriter {
  /** Another adapter on the same store, closed by itself: what another process would have. */
  open(): PointerSource & PointerWriter;
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

interface Watch {
  readonly placement: string;
  readonly onHint: () => void;
}

/** Memory does not hang; the bound is there because every adapter's reads have one. */
const DEADLINE_MS = 2_000;

/** Pointers that live and die with the process: for tests, and for whatever needs no other process to see them. */
export function createMemoryPointers(): MemoryPointers {
  const objects = new Map<string, Stored>();
  const watches = new Set<Watch>();
  let tokens = 0;
  let failing = false;
  let hintsLost = false;
  let loseReply = false;

  const changed = (placement: string) => {
    if (hintsLost) return;
    for (const watch of watches) if (watch.placement === placement) watch.onHint();
  };
  const store = (placement: string, content: string | Uint8Array): string => {
    const token = `m${++tokens}`;
    objects.set(placement, { content: Buffer.from(content), token });
    changed(placement);
    return token;
  };

  const open = (): PointerSource & PointerWriter => {
    const closing = new AbortController();
    const mine = new Set<Watch>();
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
      write(pointer, expected, signal) {
        const { placement } = pointer;
        const where = `the pointer of ${placement}`;
        const attempt = (text: string) =>
          answer(`writing ${where}`, signal, (): WriteOutcome => {
            if ((objects.get(placement)?.token ?? null) !== expected) return { kind: 'refused' };
            const token = store(placement, text);
            if (!loseReply) return { kind: 'stored', token };
            loseReply = false;
            throw new UnreachableError(`writing ${where}: the reply was lost`);
          });
        const readBack = () => read(placement, signal);
        return compareAndSet({ pointer, expected, where, signal, attempt, readBack });
      },
      listPlacements: (signal) => answer('listing the pointers', signal, () => [...objects.keys()]),
      watch(placement, onHint) {
        const watch = { placement, onHint };
        watches.add(watch);
        mine.add(watch);
        return () => {
          watches.delete(watch);
          mine.delete(watch);
        };
      },
      async close() {
        closing.abort();
        for (const watch of mine) watches.delete(watch);
        mine.clear();
      },
    };
  };

  return {
    ...open(),
    open,
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
