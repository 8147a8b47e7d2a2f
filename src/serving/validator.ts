import { hash } from 'node:crypto';
import type { Pointer } from '../domain/pointer.ts';
import { hashUser } from './user-hash.ts';

// Of how an answer is written: to be counted up when the same prediction is written in another way.
const RENDERING = 1;
const NO_SEED = 0;
const TAG_CHARACTERS = 16;

/** A strong validator that is bound to the text, whatever shaped it. */
export function textValidator(body: string): string {
  return `"${hash('sha1', body, 'base64url')}"`;
}

/**
 * What the answers of a version have in common, for `userValidator`: all that shapes them besides the user and the
 * parameters. The same on every server. Only for tables that are sealed: others may change.
 */
export function versionTag({ placement, version, contentHash, blocked }: Pointer): string {
  const shape = JSON.stringify([RENDERING, placement, version, contentHash, blocked.toSorted()]);
  return hash('sha1', shape, 'base64url').slice(0, TAG_CHARACTERS);
}

/**
 * A strong validator of a user's answer without parameters, for a tenth of the price of `textValidator`. A caller compares
 * it with what the same URL had before (RFC 9110, 8.8.1), and a URL names its user: the user's hash, which others may
 * have as well, is only there so that validators that got mixed up do not fit.
 */
export function userValidator(tag: string, userId: string): string {
  // In decimals, and of 31 bits: any other form costs several times as much to write.
  return `"${tag}${hashUser(userId, NO_SEED) >>> 1}"`;
}
