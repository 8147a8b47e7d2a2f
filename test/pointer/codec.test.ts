import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PointerRejectedError, type PointerRejection } from '../../src/domain/errors.ts';
import { MAX_POINTER_BYTES } from '../../src/domain/pointer.ts';
import { decodePointer, encodePointer } from '../../src/pointer/codec.ts';
import { examplePointer, fullPointer } from './example-pointer.ts';

const pointer = fullPointer();
const encoded = encodePointer(pointer);
const decode = (text: string, placement = 'home') => decodePointer(Buffer.from(text), placement);

/** `accepted`, or the reason of the refusal. Anything else that is thrown is a fault of the codec, and thrown on. */
function verdict(text: string | Uint8Array): PointerRejection | 'accepted' {
  try {
    decodePointer(Buffer.from(text), 'home');
    return 'accepted';
  } catch (error) {
    if (error instanceof PointerRejectedError) return error.reason;
    throw error;
  }
}

describe('the pointer codec', () => {
  it('reads back what it wrote', () => {
    expect(decode(encoded)).toMatchObject({ kind: 'pointer', pointer });
  });

  it('reads the same JSON with other white space and order of keys', () => {
    const value = JSON.parse(encoded) as Record<string, unknown>;
    const turned = JSON.stringify(Object.fromEntries(Object.entries(value).reverse()));
    expect(decode(`\n${turned}  `)).toMatchObject({ kind: 'pointer', pointer });
  });

  it('reads a bare table name, white space around it aside', () => {
    expect(decode('  topshelf-home-v1\r\n')).toEqual({ kind: 'bare', table: 'topshelf-home-v1' });
  });

  it('fits the largest pointer that its limits allow', () => {
    const id = 'x'.repeat(128);
    const large = examplePointer({
      blocked: Array.from({ length: 200 }, () => id),
      popular: Array.from({ length: 20 }, () => [id, 0.12345678901234567] as const),
      quarantined: Array.from({ length: 20 }, () => pointer.quarantined[0]!),
      retired: Array.from({ length: 20 }, () => pointer.version),
    });
    expect(verdict(encodePointer(large))).toBe('accepted');
  });
});

describe('hostile pointer content', () => {
  const changed = (changes: Record<string, unknown>) =>
    JSON.stringify({ ...JSON.parse(encoded), ...changes });
  /** As a forger would: the checksum belongs to the content. */
  const forged = (changes: Record<string, unknown>) => encodePointer({ ...pointer, ...changes });
  const arn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/theirs';

  it.each<[string, string, PointerRejection]>([
    ['nothing', '', 'malformed'],
    ['white space', ' \n', 'malformed'],
    ['an ARN as a bare name', arn, 'malformed'],
    ['a path as a bare name', '../../etc/passwd', 'malformed'],
    ['two bare names', 'table-one table-two', 'malformed'],
    ['a JSON list', '[]', 'malformed'],
    ['a JSON string', '"topshelf-home"', 'malformed'],
    ['an empty JSON object', '{}', 'malformed'],
    ['an ARN as the table', forged({ table: arn }), 'bad-table-name'],
    ['a table name with a line break', forged({ table: 'topshelf\nhome' }), 'bad-table-name'],
    ['another placement', forged({ placement: 'cart' }), 'wrong-placement'],
    ['a changed table', changed({ table: 'topshelf-home-other' }), 'bad-checksum'],
    ['a changed epoch', changed({ epoch: 99 }), 'bad-checksum'],
    ['a changed checksum', changed({ checksum: `sha256:${'0'.repeat(64)}` }), 'bad-checksum'],
    ['a later schema', changed({ schemaVersion: 2 }), 'unknown-schema'],
    ['no schema', changed({ schemaVersion: undefined }), 'malformed'],
    ['an unknown field', changed({ signature: 'x' }), 'malformed'],
    ['a __proto__ key', encoded.replace('{', '{"__proto__": {"hold": null},'), 'malformed'],
    ['a constructor key', encoded.replace('{', '{"constructor": {"prototype": {}},'), 'malformed'],
    ['a negative epoch', forged({ epoch: -1 }), 'malformed'],
    ['half an epoch', forged({ epoch: 1.5 }), 'malformed'],
    ['an epoch past whole numbers', forged({ epoch: 2 ** 53 }), 'malformed'],
    ['an epoch as text', forged({ epoch: '5' }), 'malformed'],
    ['an endless score', encoded.replace('0.31', '1e999'), 'malformed'],
    ['too many blocked products', forged({ blocked: Array(201).fill('1') }), 'malformed'],
    ['a product id with a control character', forged({ blocked: ['a\u0000b'] }), 'malformed'],
    ['a version that no table could be named after', forged({ version: 'a/b' }), 'malformed'],
    ['a time that is none', forged({ activatedAt: 'yesterday' }), 'malformed'],
    ['deep nesting', '{"a":'.repeat(5_000) + '1' + '}'.repeat(5_000), 'malformed'],
    ['a long reason', forged({ reason: 'x'.repeat(1_001) }), 'malformed'],
    ['more bytes than allowed', forged({ reason: 'x'.repeat(MAX_POINTER_BYTES) }), 'too-large'],
  ])('is refused: %s', (_, text, reason) => {
    expect(verdict(text)).toBe(reason);
  });

  it('leaves Object.prototype as it was', () => {
    verdict(encoded.replace('{', '{"__proto__": {"polluted": true},'));
    expect({}).not.toHaveProperty('polluted');
  });

  it('is refused wherever it was cut off', () => {
    for (let length = 0; length < encoded.trimEnd().length; length++) {
      expect(verdict(encoded.slice(0, length))).not.toBe('accepted');
    }
  });

  it('is refused with any one byte changed, unless it says the same', () => {
    const original = Buffer.from(encoded);
    fc.assert(
      fc.property(fc.nat(original.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const bytes = Buffer.from(original);
        bytes[at] = byte;
        if (verdict(bytes) === 'accepted') expect(decodePointer(bytes, 'home')).toEqual(decode(encoded));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is refused where any field has a value of another kind', () => {
    const fields = Object.keys(JSON.parse(encoded) as object);
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.jsonValue(), (field, value) => {
        const text = changed({ [field]: value });
        const same = JSON.stringify(JSON.parse(text)) === JSON.stringify(JSON.parse(encoded));
        expect(verdict(text) === 'accepted').toBe(same);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is refused, or a plain table name, whatever bytes it is made of', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        if (verdict(bytes) === 'accepted')
          expect(Buffer.from(bytes).toString().trim()).toMatch(/^[\w.-]{3,255}$/);
      }),
      { numRuns: 2_000 },
    );
  });
});
