import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodePointer } from '../../src/pointer/codec.ts';
import { createMemoryPointers, type MemoryPointers } from '../../src/pointer/memory.ts';
import { createMemorySavedPointers, openServing, poll, type ServingFixture } from '../support/serving.ts';
import { list, point, pointerTo, storeVersion } from '../support/versions.ts';

const ONE = { number: 1, users: { anna: list('a1', 'b1') } };
const TWO = { number: 2, users: { anna: list('a2', 'b2') } };

/** A store whose content is damaged on its way while `damage` is there; its tokens are right. */
function createDamagingPointers(): MemoryPointers & {
  damage: ((bytes: Uint8Array) => Uint8Array) | undefined;
} {
  const pointers = createMemoryPointers();
  const damaging = {
    ...pointers,
    damage: undefined as ((bytes: Uint8Array) => Uint8Array) | undefined,
    async read(...args: Parameters<MemoryPointers['read']>) {
      const reading = await pointers.read(...args);
      if (reading.kind !== 'found' || damaging.damage === undefined) return reading;
      return { ...reading, content: damaging.damage(reading.content) };
    },
  };
  return damaging;
}

const epochsOf = ({ seen }: ServingFixture) => seen.adoptions.map(({ epoch }) => epoch);
const firstHalf = (bytes: Uint8Array) => bytes.subarray(0, bytes.length / 2);

afterEach(() => void vi.useRealTimers());

describe('a pointer that is damaged on its way', () => {
  it('is refused once, and adopted as soon as it is read undamaged, though the object did not change', async () => {
    const pointers = createDamagingPointers();
    const fixture = openServing({ pointers });
    point(pointers, pointerTo(await storeVersion(fixture.store, ONE), 1));
    await fixture.serving.placements.start();
    pointers.damage = firstHalf;
    point(pointers, pointerTo(await storeVersion(fixture.store, TWO), 2));
    for (let reading = 0; reading < 3; reading += 1) await poll(fixture);
    expect(fixture.seen.rejections).toMatchObject([{ reason: 'malformed' }]);
    pointers.damage = undefined;
    await poll(fixture);
    expect(epochsOf(fixture)).toEqual([1, 2]);
  });

  it('is adopted also where half of it was a table name of its own', async () => {
    const pointers = createDamagingPointers();
    const fixture = openServing({ pointers });
    const one = await storeVersion(fixture.store, ONE);
    pointers.put('home', one.table);
    pointers.damage = firstHalf;
    await fixture.serving.placements.start();
    expect(fixture.seen.rejections).toMatchObject([{ reason: 'table-missing' }]);
    pointers.damage = undefined;
    await poll(fixture);
    expect(fixture.seen.adoptions).toMatchObject([{ table: one.table }]);
  });

  it('is refused again where it was written again', async () => {
    const fixture = openServing();
    for (let write = 1; write <= 2; write += 1) {
      fixture.pointers.put('home', '{"schemaVersion":1,');
      await (write === 1 ? fixture.serving.placements.start() : poll(fixture));
    }
    expect(fixture.seen.rejections).toHaveLength(2);
  });
});

describe('a pointer that cannot be saved', () => {
  it('is saved when the disk takes it, without a new one having to come', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const kept = createMemorySavedPointers();
    let isFull = true;
    const saved = {
      ...kept,
      save: async (...args: Parameters<typeof kept.save>) => {
        if (isFull) throw new Error('ENOSPC: no space left on device');
        await kept.save(...args);
      },
    };
    const fixture = openServing({ saved });
    const pointer = pointerTo(await storeVersion(fixture.store, ONE), 1);
    fixture.pointers.put('home', encodePointer(pointer));
    await fixture.serving.placements.start();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(fixture.seen.savedPointerErrors).toHaveLength(3);
    expect(epochsOf(fixture)).toEqual([1]);
    isFull = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await kept.load('home'))?.pointer).toEqual(pointer);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fixture.seen.savedPointerErrors).toHaveLength(3);
  });
});
