import { describe, expect, it } from 'vitest';
import { LostRaceError, UnreachableError } from '../../src/domain/errors.ts';
import type { Pointer } from '../../src/domain/pointer.ts';
import { encodePointer } from '../../src/pointer/codec.ts';
import { compareAndSet, type WriteOutcome } from '../../src/pointer/compare-and-set.ts';
import type { PointerReading } from '../../src/pointer/pointer-source.ts';
import { examplePointer } from './example-pointer.ts';

const ours = examplePointer({ epoch: 5 });
const unanswered = () => Promise.reject(new UnreachableError('no answer'));
const saying = (outcome: WriteOutcome) => async () => outcome;
const holding = (pointer: Pointer | string, token: string) => async (): Promise<PointerReading> => ({
  kind: 'found',
  content: Buffer.from(typeof pointer === 'string' ? pointer : encodePointer(pointer)),
  token,
});
const absent = async (): Promise<PointerReading> => ({ kind: 'absent' });
const unchanged = holding(examplePointer({ epoch: 4 }), 'before');

/** Writes `ours` over `before`; each attempt takes the next answer, and the last one again. */
function write(
  attempts: (() => Promise<WriteOutcome>)[],
  looks: (() => Promise<PointerReading>)[],
  given: { expected?: string | null; signal?: AbortSignal } = {},
) {
  let attempted = 0;
  let looked = 0;
  const result = compareAndSet({
    pointer: ours,
    expected: given.expected === undefined ? 'before' : given.expected,
    where: 'the pointer of home',
    signal: given.signal ?? new AbortController().signal,
    attempt: () => attempts[Math.min(attempted++, attempts.length - 1)]!(),
    readBack: () => looks[Math.min(looked++, looks.length - 1)]!(),
  });
  return { result, counts: () => ({ attempted, looked }) };
}

describe('a compare-and-set', () => {
  it('that was stored is not looked at again', async () => {
    const { result, counts } = write([saying({ kind: 'stored', token: 'after' })], [unchanged]);
    expect(await result).toBe('after');
    expect(counts()).toEqual({ attempted: 1, looked: 0 });
  });

  it.each([
    ['refused', saying({ kind: 'refused' })],
    ['in conflict', saying({ kind: 'conflict' })],
    ['unanswered', unanswered],
  ])('that was %s has won where our writeId is found', async (_, attempt) => {
    const { result, counts } = write([attempt], [holding(ours, 'after')]);
    expect(await result).toBe('after');
    expect(counts()).toEqual({ attempted: 1, looked: 1 });
  });

  it.each([
    ['another epoch 5', examplePointer({ epoch: 5, activatedBy: 'ann' }), /epoch 5 by ann/],
    ['a lower epoch', examplePointer({ epoch: 2 }), /epoch 2/],
  ])('that was unanswered has lost where %s is found', async (_, found, message) => {
    const { result } = write([unanswered], [holding(found, 'theirs')]);
    await expect(result).rejects.toThrow(LostRaceError);
    await expect(result).rejects.toThrow(message);
  });

  it.each([
    ['a later epoch', holding(examplePointer({ epoch: 6 }), 'theirs')],
    ['a table name written by hand', holding('topshelf-home-by-hand', 'theirs')],
    ['garbage', holding('{"', 'theirs')],
    ['nothing any more', absent],
  ])('that was unanswered may have been stored for a while where %s is found', async (_, look) => {
    const { result } = write([unanswered], [look]);
    await expect(result).rejects.toThrow(UnreachableError);
    await expect(result).rejects.toThrow(/whether epoch 5 was stored.*now holds.*topshelf status/s);
  });

  it.each([
    ['a later epoch', holding(examplePointer({ epoch: 6 }), 'theirs')],
    ['a table name written by hand', holding('topshelf-home-by-hand', 'theirs')],
    ['garbage', holding('{"', 'theirs')],
    ['nothing any more', absent],
  ])('that was refused has lost where %s is found', async (_, look) => {
    await expect(write([saying({ kind: 'refused' })], [look]).result).rejects.toThrow(LostRaceError);
  });

  it('is repeated while nothing has changed, and wins', async () => {
    const stored = saying({ kind: 'stored', token: 'after' });
    const { result, counts } = write([unanswered, saying({ kind: 'conflict' }), stored], [unchanged]);
    expect(await result).toBe('after');
    expect(counts()).toEqual({ attempted: 3, looked: 2 });
  });

  it('of a first pointer is repeated while there is none', async () => {
    const stored = saying({ kind: 'stored', token: 'after' });
    expect(await write([unanswered, stored], [absent], { expected: null }).result).toBe('after');
  });

  it('is repeated four times at most: lost after conflicts, unknown after silence', async () => {
    const conflicts = write([saying({ kind: 'conflict' })], [unchanged]);
    await expect(conflicts.result).rejects.toThrow(LostRaceError);
    expect(conflicts.counts().attempted).toBe(4);
    await expect(write([unanswered], [unchanged]).result).rejects.toThrow(/whether epoch 5 was stored/);
  });

  it('that the store rules out fails at once, unless an earlier attempt is open', async () => {
    const failed = saying({ kind: 'failed', error: new UnreachableError('no permission') });
    const { result, counts } = write([failed], [unchanged]);
    await expect(result).rejects.toThrow('no permission');
    expect(counts()).toEqual({ attempted: 1, looked: 0 });
    await expect(write([unanswered, failed], [unchanged]).result).rejects.toThrow(
      /whether epoch 5 was stored/,
    );
  });

  it('is unknown where nothing can be read back', async () => {
    await expect(write([saying({ kind: 'refused' })], [unanswered]).result).rejects.toThrow(UnreachableError);
  });

  it('is not begun for a caller that has given up, nor repeated for one that does', async () => {
    const early = write([unanswered], [unchanged], { signal: AbortSignal.abort() });
    await expect(early.result).rejects.toThrow(/before anything was written/);
    expect(early.counts().attempted).toBe(0);

    const caller = new AbortController();
    const late = write([unanswered], [unchanged], { signal: caller.signal });
    setTimeout(() => caller.abort(), 5);
    await expect(late.result).rejects.toThrow(UnreachableError);
    expect(late.counts().attempted).toBe(1);
  });
});
