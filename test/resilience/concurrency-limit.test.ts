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

it('a concurrency limit tells of a free place in the order of asking, each once', () => {
  const limit = createConcurrencyLimit(1);
  const told: string[] = [];
  limit.tryEnter();
  for (const name of ['first', 'second']) {
    limit.whenFree(() => {
      told.push(name);
      expect(limit.tryEnter()).toBe(true);
    });
  }
  limit.leave();
  expect(told).toEqual(['first']);
  limit.leave();
  limit.leave();
  limit.leave();
  expect(told).toEqual(['first', 'second']);
});

it('a concurrency limit tells the next one where the first does not take the place', () => {
  const limit = createConcurrencyLimit(1);
  const told: string[] = [];
  limit.tryEnter();
  limit.whenFree(() => told.push('not any more'));
  limit.whenFree(() => told.push('yes'));
  limit.leave();
  expect(told).toEqual(['not any more', 'yes']);
});
