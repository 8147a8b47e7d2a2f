import { randomBytes, scryptSync } from 'node:crypto';
import type { Archive } from '../archive/archive.ts';
import { erasureKey } from './archive-keys.ts';

/** Where one user was found, and taken out of. */
export interface ErasedFrom {
  readonly version: string;
  /** The table that held the user; null where none did. */
  readonly table: string | null;
  /** Whether the archived predictions held the user. */
  readonly archive: boolean;
}

/** The proof of an erasure, without the user's id in clear. */
export interface ErasureRecord {
  readonly schemaVersion: 1;
  readonly id: string;
  readonly placement: string;
  /** ISO 8601. */
  readonly at: string;
  readonly by: string;
  readonly reason: string;
  readonly user: { readonly scheme: string; readonly salt: string; readonly hash: string };
  readonly foundIn: readonly ErasedFrom[];
  /** Tables that were read back, strongly consistent, and archived files that were read again: none holds the user. */
  readonly readBack: { readonly tables: number; readonly archives: number; readonly foundAgain: 0 };
  readonly note: string;
}

const NOTE =
  'Manifests, seals and content hashes of the versions in foundIn describe what was loaded, not what is stored since.';
/** N, r and p of scrypt: about 50 ms for a guess. Ids are short, and a fast hash of one is soon guessed. */
const COST = { N: 2 ** 14, r: 8, p: 1 };
const SCHEME = `scrypt(user id, salt) of 32 bytes with N=${COST.N}, r=${COST.r}, p=${COST.p}; salt and hash in base64`;

/**
 * Tells, to whoever has the id, that a record is about this user, and nobody else who it is about. The salt is made
 * anew for each erasure, so that two records cannot be told to be about the same person either.
 */
export function hashedUser(userId: string, salt = randomBytes(16)): ErasureRecord['user'] {
  const hash = scryptSync(userId, salt, 32, COST).toString('base64');
  return { scheme: SCHEME, salt: salt.toString('base64'), hash };
}

/** Whether a record is about this user. */
export function isAbout({ user }: Pick<ErasureRecord, 'user'>, userId: string): boolean {
  return hashedUser(userId, Buffer.from(user.salt, 'base64')).hash === user.hash;
}

export async function writeErasure(
  archive: Archive,
  record: Omit<ErasureRecord, 'schemaVersion' | 'note'>,
  signal: AbortSignal,
): Promise<void> {
  const { id, placement } = record;
  const whole: ErasureRecord = { schemaVersion: 1, ...record, note: NOTE };
  await archive.putOnce(erasureKey(placement, id), `${JSON.stringify(whole, null, 2)}\n`, signal);
}
