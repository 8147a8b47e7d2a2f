import { generateKeyPairSync } from 'node:crypto';
import {
  readPointerKeys,
  readSigningKey,
  type PointerKeys,
  type PointerSigning,
} from '../../src/pointer/signature.ts';

/** A new pair of Ed25519 keys as `openssl` writes them. */
export function pemPair(): { readonly privatePem: string; readonly publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

export interface SigningPair {
  /** To sign with, believing nothing in particular. */
  readonly signing: PointerSigning;
  /** Whoever believes these believes this pair alone. */
  readonly keys: PointerKeys;
}

export function signingPair(): SigningPair {
  const { privatePem, publicPem } = pemPair();
  return {
    signing: { key: readSigningKey(privatePem, 'private.pem') },
    keys: readPointerKeys(new Map([['public.pem', publicPem]])),
  };
}

/** Those who believe any of these pairs. */
export function believing(...pairs: readonly SigningPair[]): PointerKeys {
  return new Map(pairs.flatMap(({ keys }) => [...keys]));
}
