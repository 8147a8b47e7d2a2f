import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareBytes } from '../../src/publishing/byte-order.ts';

it('is the order of UTF-8 bytes, for any two strings', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('a', '\uffee', '\u{10000}', '\ue000') }),
  );
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: 2000 },
  );
});
