import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/store/memory.ts';
import { predictionStoreContract } from '../contracts/prediction-store.contract.ts';

predictionStoreContract('memory', () => {
  const store = createMemoryStore();
  return { reader: store, tables: store };
});

describe('the memory store', () => {
  it('can report users as throttled, which says nothing about whether they exist', async () => {
    const store = createMemoryStore();
    const signal = AbortSignal.timeout(1000);
    await store.create('t', signal);
    store.faults.throttled = (userId) => userId === 'b';
    const reads = await store.read('t', ['a', 'b'], signal);
    expect(reads.get('b')).toEqual({ kind: 'throttled' });
    expect(reads.get('a')).toEqual({ kind: 'absent' });
  });
});
