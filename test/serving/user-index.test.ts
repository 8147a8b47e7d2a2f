import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashUser } from '../../src/serving/user-hash.ts';
import { UserIndex } from '../../src/serving/user-index.ts';

describe('the index of users', () => {
  it('finds what a Map would, whatever is set, moved and deleted, and however many hashes collide', () => {
    const step = fc.record({
      what: fc.constantFrom('set', 'set', 'delete', 'move'),
      user: fc.nat(700),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 1500 }), fc.nat(), (steps, salt) => {
        const users: string[] = [];
        const index = new UserIndex((place, userId) => users[place] === userId);
        const expected = new Map<string, number>();
        // Few hashes, next to the end of the index: runs of taken slots that go on at its beginning.
        const hashOf = (user: number) => (user % 3 === 0 ? hashUser(`u${user}`, salt) : 510 + (user % 4));
        for (const { what, user } of steps) {
          const userId = `u${user}`;
          const hash = hashOf(user);
          const place = expected.get(userId);
          if (what === 'set') {
            expected.set(userId, users.push(userId) - 1);
            index.set(hash, userId, users.length - 1);
          } else if (place !== undefined && what === 'delete') {
            expected.delete(userId);
            index.delete(hash, place);
          } else if (place !== undefined) {
            expected.set(userId, users.push(userId) - 1);
            index.move(hash, place, users.length - 1);
          }
        }
        expect(index.size).toBe(expected.size);
        for (let user = 0; user <= 700; user += 1) {
          const place = expected.get(`u${user}`);
          expect(index.find(hashOf(user), `u${user}`)).toBe(place);
          if (place !== undefined) expect(index.holds(hashOf(user), place)).toBe(true);
        }
      }),
    );
  });

  it('takes no memory before the first user and after it was cleared, and says what it will take', () => {
    const index = new UserIndex(() => false);
    expect([index.bytes, index.find(1, 'anna'), index.holds(1, 0)]).toEqual([0, undefined, false]);
    for (let user = 0; user < 10_000; user += 1) {
      const told = index.bytes + index.bytesToGrow;
      index.set(hashUser(String(user), 0), String(user), user);
      expect(index.bytes).toBe(told);
    }
    // At most two thirds of its slots are taken, of eight bytes each.
    expect(index.bytes).toBe(8 * 16_384);
    index.clear();
    expect([index.bytes, index.size, index.find(hashUser('1', 0), '1')]).toEqual([0, 0, undefined]);
  });

  it('spreads ids that differ in their last digits only', () => {
    const slots = new Set(
      Array.from({ length: 4096 }, (_, id) => hashUser(String(1_000_000 + id), 0) & 4095),
    );
    // Thrown at random, 4,096 balls leave 1/e of 4,096 slots empty.
    expect(slots.size).toBeGreaterThan(4096 * (1 - 1 / Math.E) * 0.95);
  });
});
