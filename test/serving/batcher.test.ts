import { describe, expect, it } from 'vitest';
import { createConcurrencyLimit } from '../../src/resilience/concurrency-limit.ts';
import { Batcher } from '../../src/serving/batcher.ts';

/** A batcher of numbers whose sends end when a test says so. */
function openBatcher({ inFlight = 10, maxTogether = 100 } = {}) {
  const limit = createConcurrencyLimit(inFlight);
  const sent: (readonly number[])[] = [];
  const ends: (() => void)[] = [];
  const batcher = new Batcher<number>({
    limit,
    maxTogether,
    send(items) {
      sent.push(items);
      return new Promise((resolve) => ends.push(resolve));
    },
  });
  const add = (count: number, isOneOfMany = false) =>
    Array.from({ length: count }, (_, index) => batcher.add(index, isOneOfMany));
  return { limit, sent, ends, batcher, add, sizes: () => sent.map(({ length }) => length) };
}

const turn = () => new Promise(setImmediate);

describe('a batcher', () => {
  it('sends nothing before the turn of the event loop ends, and everything then', async () => {
    const { sent, batcher } = openBatcher();
    batcher.add(1);
    expect(sent).toEqual([]);
    await turn();
    expect(sent).toEqual([[1]]);
  });

  it.each([1, 2, 4])('sends %i of one turn each alone', async (count) => {
    const { add, sizes } = openBatcher();
    add(count);
    await turn();
    expect(sizes()).toEqual(Array<number>(count).fill(1));
  });

  it('sends more than that together, up to the most that one send takes', async () => {
    const { add, sizes } = openBatcher();
    add(5);
    await turn();
    add(100);
    await turn();
    add(130);
    await turn();
    expect(sizes()).toEqual([5, 100, 100, 30]);
  });

  it('sends the items of one request together, however few', async () => {
    const { add, sizes } = openBatcher();
    add(2, true);
    await turn();
    add(2);
    await turn();
    expect(sizes()).toEqual([2, 1, 1]);
  });

  it('does not wait for sends in flight', async () => {
    const { add, sizes, limit } = openBatcher();
    for (let index = 0; index < 9; index += 1) {
      add(1);
      await turn();
    }
    expect(sizes()).toHaveLength(9);
    expect(limit.inFlight()).toBe(9);
  });

  it('lets items wait past the limit, and sends them together when a place is free', async () => {
    const { add, sizes, ends } = openBatcher({ inFlight: 1 });
    add(1);
    await turn();
    add(1);
    await turn();
    add(2);
    await turn();
    expect(sizes()).toEqual([1]);
    ends[0]?.();
    await turn();
    expect(sizes()).toEqual([1, 3]);
  });

  it('takes a place only while it has something to send, and shares them in turn', async () => {
    const limit = createConcurrencyLimit(1);
    const sent: string[] = [];
    const ends: (() => void)[] = [];
    const batcherOf = (name: string) =>
      new Batcher<number>({
        limit,
        maxTogether: 2,
        send(items) {
          sent.push(`${name}${items.join('')}`);
          return new Promise((resolve) => ends.push(resolve));
        },
      });
    const [a, b] = [batcherOf('a'), batcherOf('b')];
    for (const item of [1, 2, 3, 4, 5, 6]) a.add(item);
    b.add(1);
    await turn();
    for (let index = 0; index < 5; index += 1) {
      ends[index]?.();
      await turn();
    }
    expect(sent).toEqual(['a12', 'a34', 'b1', 'a56']);
    expect(limit.inFlight()).toBe(0);
  });

  it('refuses items where 256 wait already, and takes them again when those have left', async () => {
    const { add, ends, batcher } = openBatcher({ inFlight: 1 });
    add(1);
    await turn();
    expect(add(300).filter(Boolean)).toHaveLength(256);
    ends[0]?.();
    await turn();
    expect(batcher.add(0)).toBe(true);
  });
});
