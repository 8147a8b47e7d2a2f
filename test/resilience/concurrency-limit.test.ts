import { expect, it } from 'vitest';
import { createConcurrencyLimit } from '../../src/resilience/concurrency-limit.ts';

it('a concurrency limit lets so many in, refuses the next and takes one for each that leaves', () => {
  const limit = createConcurrencyLimit(2);
  expect([limit.tryEnter(), limit.tryEnter(), limit.tryEnter()]).toEqual([true, true, false]);
  expect(limit.inFlight()).toBe(2);
  limit.leave();
  expect(limit.inFlight()).toBe(1);
  expect([limit.tryEnter(), limit.tryEnter()]).toEqual([true, false]);
});
