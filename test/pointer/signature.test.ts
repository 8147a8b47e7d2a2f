import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PointerRejectedError } from '../../src/domain/errors.ts';
import type { Pointer } from '../../src/domain/pointer.ts';
import { encodePointer } from '../../src/pointer/codec.ts';
import {
  decoderFor,
  readPointerKeys,
  readSigningKey,
  signed,
  type PointerKeys,
} from '../../src/pointer/signature.ts';
import { believing, pemPair, signingPair } from '../support/signing-keys.ts';
import { fullPointer } from './example-pointer.ts';

const ours = signingPair();
const theirs = signingPair();
const pointer = fullPointer({ epoch: 7 });
const ourPointer = signed(pointer, ours.signing);

/** What those who believe `keys` make of an object that holds this. */
function verdict(keys: PointerKeys | undefined, content: string | Pointer): string {
  const text = typeof content === 'string' ? content : encodePointer(content);
  try {
    decoderFor(keys)(Buffer.from(text), 'home');
    return 'accepted';
  } catch (error) {
    if (error instanceof PointerRejectedError) return error.reason;
    throw error;
  }
}

describe('where pointers must be signed', () => {
  it('one that a known key signed is read, and says which', () => {
    const read = decoderFor(ours.keys)(Buffer.from(encodePointer(ourPointer)), 'home');
    expect(read).toMatchObject({ kind: 'pointer', pointer: { ...pointer, signature: ourPointer.signature } });
    expect([...ours.keys.keys()]).toEqual([ourPointer.signature?.keyId]);
  });

  it('one without a signature is refused, and so is a bare table name', () => {
    expect(verdict(ours.keys, pointer)).toBe('unsigned');
    expect(verdict(ours.keys, 'topshelf-home-by-hand')).toBe('unsigned');
  });

  it('one that somebody else signed is refused, also under the id of a known key', () => {
    const forged = signed(pointer, theirs.signing);
    expect(verdict(ours.keys, forged)).toBe('bad-signature');
    const value = forged.signature?.value ?? '';
    const keyId = ourPointer.signature?.keyId ?? '';
    expect(verdict(ours.keys, { ...pointer, signature: { keyId, value } })).toBe('bad-signature');
  });

  // Each with a right checksum: whoever can write the object can make that.
  const changes: { [Field in keyof Required<Pointer>]?: Pointer[Field] } = {
    epoch: 8,
    writeId: 'another',
    version: '20261120T031500Z-00000a',
    table: 'topshelf-home-other',
    contentHash: `sha256:${'1'.repeat(64)}`,
    generatedAt: '2026-11-21T03:15:01Z',
    activatedAt: '2026-11-21T04:00:01Z',
    activatedBy: 'eve',
    reason: 'another reason',
    override: null,
    hold: null,
    quarantined: [],
    retired: [],
    blocked: [],
    popular: [['22423', 0.32]],
  };
  it.each(Object.entries(changes))('a signature holds for no other %s', (field, value) => {
    expect(verdict(ours.keys, { ...ourPointer, [field]: value })).toBe('bad-signature');
  });

  it('every field but the schema is among those', () => {
    const fixed = ['schemaVersion', 'placement', 'signature'];
    expect([...Object.keys(changes), ...fixed].sort()).toEqual(Object.keys(ourPointer).sort());
  });

  it('a signature that was moved from another placement or epoch is refused', () => {
    const cart = signed({ ...pointer, placement: 'cart' }, ours.signing);
    const later = signed({ ...pointer, epoch: 8 }, ours.signing);
    for (const { signature } of [cart, later]) {
      if (signature === undefined) throw new Error('not signed');
      expect(verdict(ours.keys, { ...pointer, signature })).toBe('bad-signature');
    }
    expect(verdict(ours.keys, cart)).toBe('wrong-placement');
  });

  it('is refused with any one character of the signature changed', () => {
    const { keyId = '', value = '' } = ourPointer.signature ?? {};
    // The last two characters before the padding hold bits that are no part of the 64 bytes.
    for (let at = 0; at < value.length - 3; at++) {
      const other = value[at] === 'A' ? 'B' : 'A';
      const signature = { keyId, value: value.slice(0, at) + other + value.slice(at + 1) };
      expect(verdict(ours.keys, { ...pointer, signature }), `at ${at}`).toBe('bad-signature');
    }
  });

  it.each([
    ['no object', 'x'],
    ['null', null],
    ['without its value', { keyId: 'a'.repeat(16) }],
    ['without the id of its key', { value: `${'A'.repeat(86)}==` }],
    ['too short', { keyId: 'a'.repeat(16), value: 'AAAA' }],
    ['with a field more', { keyId: 'a'.repeat(16), value: `${'A'.repeat(86)}==`, alg: 'none' }],
  ])('a signature that is %s is malformed, for everybody', (_, signature) => {
    const text = JSON.stringify({ ...(JSON.parse(encodePointer(pointer)) as object), signature });
    expect(verdict(ours.keys, text)).toBe('malformed');
    expect(verdict(undefined, text)).toBe('malformed');
  });
});

describe('where pointers need no signature', () => {
  it('signed, unsigned and bare ones are all read', () => {
    for (const each of [ourPointer, pointer, 'topshelf-home-by-hand'])
      expect(verdict(undefined, each)).toBe('accepted');
  });
});

describe('keys are exchanged without a moment at which nothing is believed', () => {
  const theNew = theirs;
  const steps: [when: string, keys: PointerKeys, old: string, fresh: string][] = [
    ['before', ours.keys, 'accepted', 'bad-signature'],
    ['while both are believed', believing(ours, theNew), 'accepted', 'accepted'],
    ['once the old one is out', theNew.keys, 'bad-signature', 'accepted'],
  ];
  it.each(steps)('%s', (_, keys, old, fresh) => {
    expect(verdict(keys, ourPointer)).toBe(old);
    expect(verdict(keys, signed(pointer, theNew.signing))).toBe(fresh);
  });
});

describe('a publisher', () => {
  it('takes off a signature that is not its own: it holds for what was there before', () => {
    expect(signed({ ...ourPointer, epoch: 8 })).not.toHaveProperty('signature');
    const again = signed({ ...ourPointer, epoch: 8 }, theirs.signing);
    expect(verdict(theirs.keys, again)).toBe('accepted');
  });

  it('does not write what would be refused: without a key, or with one that is not believed', () => {
    expect(() => signed(pointer, { keys: ours.keys })).toThrow('TOPSHELF_SIGNING_KEY');
    expect(() => signed(pointer, { ...theirs.signing, keys: ours.keys })).toThrow('servers would refuse');
  });
});

describe('a key file', () => {
  const { privatePem, publicPem } = pemPair();
  const publicKeys = (pem: string) => () => readPointerKeys(new Map([['x.pem', pem]]));

  it('of a private key is refused where a public one belongs', () => {
    expect(publicKeys(privatePem)).toThrow('x.pem holds a private key');
  });

  it('of a public key is refused where the private one belongs', () => {
    expect(() => readSigningKey(publicPem, 'x.pem')).toThrow('x.pem holds no private key');
  });

  it('of two public keys is refused: one of them would be believed and the other not', () => {
    expect(publicKeys(publicPem + pemPair().publicPem)).toThrow('x.pem holds 2 keys');
  });

  it('of another kind of key, or of none, is refused and named, and nothing of it is shown', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ecPrivate = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const ecPublic = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(publicKeys(ecPublic)).toThrow('x.pem holds a key of type ec; it must be Ed25519');
    expect(() => readSigningKey(ecPrivate, 'x.pem')).toThrow('x.pem holds a key of type ec');
    const canary = 'MC4CAQAcanary';
    const damaged = `-----BEGIN PRIVATE KEY-----\n${canary}\n-----END PRIVATE KEY-----\n`;
    expect(() => readSigningKey(damaged, 'x.pem')).toThrow(/^(?!.*canary).*x\.pem holds no private key/);
    expect(publicKeys('')).toThrow('x.pem holds no public key');
  });
});
