import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { PointerRejectedError, UsageError } from '../domain/errors.ts';
import type { Pointer, PointerContent } from '../domain/pointer.ts';
import { canonicalText, decodePointer, type DecodePointer } from './codec.ts';

/** Ed25519 public keys by their id: whoever reads pointers believes these. Several while keys are being exchanged. */
export type PointerKeys = ReadonlyMap<string, KeyObject>;

/** The Ed25519 private key that pointers are signed with. */
export interface SigningKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** How a publisher signs what it writes, and what it believes of what it reads. Nothing where pointers are not signed. */
export interface PointerSigning {
  readonly key?: SigningKey | undefined;
  readonly keys?: PointerKeys | undefined;
}

/** Characters of a key's id: enough to tell the few keys of a shop apart. It is a name, and proves nothing. */
const KEY_ID_LENGTH = 16;

/** A private key from PEM text. Throws UsageError, without a word of the text, where it is no Ed25519 private key. */
export function readSigningKey(pem: string, from: string): SigningKey {
  const key = parseKey(() => createPrivateKey(pem), `${from} holds no private key in PEM form`);
  expectEd25519(key, from);
  return { id: keyId(createPublicKey(key)), key };
}

/** Public keys from PEM texts by the names of their files. Throws UsageError where one is no Ed25519 public key. */
export function readPointerKeys(pems: ReadonlyMap<string, string>): PointerKeys {
  const keys = new Map<string, KeyObject>();
  for (const [from, pem] of pems) {
    // Node would make the public key out of a private one, and servers are the last who should have that.
    if (pem.includes('PRIVATE KEY')) {
      throw new UsageError(`${from} holds a private key; those who read pointers need the public one alone`);
    }
    const count = pem.split('-----BEGIN ').length - 1;
    if (count > 1)
      throw new UsageError(`${from} holds ${count} keys, of which one would be read; name a file for each`);
    const key = parseKey(() => createPublicKey(pem), `${from} holds no public key in PEM form`);
    expectEd25519(key, from);
    keys.set(keyId(key), key);
  }
  return keys;
}

/**
 * The pointer as this publisher writes it: signed by its key, or without any signature. Throws UsageError where those
 * who believe `keys` alone would refuse it.
 */
export function signed(pointer: Pointer, signing: PointerSigning = {}): Pointer {
  assertCanSign(signing);
  const { signature: _, ...content } = pointer;
  const { key } = signing;
  if (key === undefined) return content;
  const value = sign(null, Buffer.from(canonicalText(content)), key.key).toString('base64');
  return { ...content, signature: { keyId: key.id, value } };
}

/** Throws UsageError where what would be written is not what is believed. */
export function assertCanSign({ key, keys }: PointerSigning = {}): void {
  if (keys === undefined) return;
  if (key === undefined) {
    throw new UsageError(
      'pointers must be signed (TOPSHELF_POINTER_KEYS), and there is no key to sign with: set TOPSHELF_SIGNING_KEY',
    );
  }
  if (!keys.has(key.id)) {
    throw new UsageError(
      `the key to sign with has the id ${key.id}, which is none of TOPSHELF_POINTER_KEYS (${[...keys.keys()].join(', ')}): ` +
        'servers would refuse what it signs. Give its public key to them first, and to this command.',
    );
  }
}

/**
 * How pointers are read where `keys` are believed: as `decodePointer`, and refused unless one of the keys signed them.
 * A bare table name has no signature. Without keys, `decodePointer` itself.
 */
export function decoderFor(keys: PointerKeys | undefined): DecodePointer {
  if (keys === undefined) return decodePointer;
  return (content, placement) => {
    const decoded = decodePointer(content, placement);
    assertSigned(decoded, keys);
    return decoded;
  };
}

function assertSigned(content: PointerContent, keys: PointerKeys): void {
  if (content.kind === 'bare') {
    throw new PointerRejectedError(
      'unsigned',
      `the pointer is the bare table name ${content.table}; pointers must be signed here (TOPSHELF_POINTER_KEYS)`,
    );
  }
  const { signature, ...pointer } = content.pointer;
  if (signature === undefined) {
    throw new PointerRejectedError(
      'unsigned',
      `the pointer, epoch ${pointer.epoch}, has no signature; pointers must be signed here (TOPSHELF_POINTER_KEYS)`,
    );
  }
  const key = keys.get(signature.keyId);
  if (key === undefined) {
    throw new PointerRejectedError(
      'bad-signature',
      `the pointer is signed with key ${signature.keyId}; the keys here are ${[...keys.keys()].join(', ')}`,
    );
  }
  if (!verify(null, Buffer.from(canonicalText(pointer)), key, Buffer.from(signature.value, 'base64'))) {
    throw new PointerRejectedError(
      'bad-signature',
      `the pointer's signature does not belong to its content: key ${signature.keyId} did not sign it`,
    );
  }
}

/** SHA-256 over the key as X.509 has it (DER), its first characters in hex. */
function keyId(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, KEY_ID_LENGTH);
}

function parseKey(parse: () => KeyObject, otherwise: string): KeyObject {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(otherwise, { cause: error });
  }
}

function expectEd25519(key: KeyObject, from: string): void {
  if (key.asymmetricKeyType === 'ed25519') return;
  throw new UsageError(`${from} holds a key of type ${key.asymmetricKeyType}; it must be Ed25519`);
}
