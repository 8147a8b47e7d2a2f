import { vi } from 'vitest';
import { PointerRejectedError } from '../../src/domain/errors.ts';
import type { Pointer } from '../../src/domain/pointer.ts';
import { decodePointer } from '../../src/pointer/codec.ts';
import type { PointerReading, PointerSource } from '../../src/pointer/pointer-source.ts';
import type { PointerWriter } from '../../src/pointer/pointer-writer.ts';

/** One empty store, and what a test does to it behind the adapters' back. */
export interface PointerStore {
  /** An adapter on this store: as another process would have. The contract closes it. */
  open(): PointerSource & PointerWriter;
  /** What a hand would do: store content, whatever it is. */
  putRaw(placement: string, content: string | Uint8Array): void | Promise<void>;
  remove(placement: string): void | Promise<void>;
  /** The store stops answering. */
  break(): void | Promise<void>;
  mend(): void | Promise<void>;
  /** The next write is stored, and the writer told of a failure. */
  loseNextReply(): void;
  /** The hints that are armed now are lost. */
  loseHints(): void | Promise<void>;
  release(): void | Promise<void>;
}

export interface PointerContract {
  /** Resolves with a store that holds nothing. */
  start(): Promise<PointerStore>;
  /** Milliseconds within which every adapter must answer. */
  readonly deadlineMs: number;
  /** Cases that this backend cannot run, by the name of what it lacks, with the reason. */
  readonly cannot?: Partial<Record<'hint' | 'break' | 'lose replies', string>>;
}

/** The reading, where there was content. */
export function foundIn(reading: PointerReading): Extract<PointerReading, { kind: 'found' }> {
  if (reading.kind !== 'found') throw new Error(`found nothing: ${reading.kind}`);
  return reading;
}

/** The pointer of `home` that the codec reads. */
export function pointerIn(content: Uint8Array): Pointer {
  const decoded = decodePointer(content, 'home');
  if (decoded.kind !== 'pointer') throw new Error('a bare table name');
  return decoded.pointer;
}

/** Why the codec refuses the content. */
export function rejectionOf(content: Uint8Array): string {
  try {
    decodePointer(content, 'home');
  } catch (error) {
    if (error instanceof PointerRejectedError) return error.reason;
    throw error;
  }
  return 'accepted';
}

/** As a poll would: asks until there is an answer, for ten seconds. */
export async function eventually<T>(ask: () => Promise<T>): Promise<T> {
  return vi.waitFor(ask, { timeout: 10_000, interval: 50 });
}
