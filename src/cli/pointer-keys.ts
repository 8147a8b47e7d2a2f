import { readFile } from 'node:fs/promises';
import { messageOf, UsageError } from '../domain/errors.ts';
import {
  assertCanSign,
  readPointerKeys,
  readSigningKey,
  type PointerKeys,
  type PointerSigning,
} from '../pointer/signature.ts';

/** The keys that pointers must be signed by; undefined where there is no such setting. Throws UsageError. */
export async function openPointerKeys(
  paths: readonly string[] | undefined,
): Promise<PointerKeys | undefined> {
  if (paths === undefined) return undefined;
  const pems = await Promise.all(
    paths.map(async (path) => [path, await readPem('TOPSHELF_POINTER_KEYS', path)] as const),
  );
  return readPointerKeys(new Map(pems));
}

/** How a publisher signs. Throws UsageError where a key cannot be used, or servers would refuse what it signs. */
export async function openPointerSigning(config: {
  readonly pointerKeys: readonly string[] | undefined;
  readonly signingKey: string | undefined;
}): Promise<PointerSigning> {
  const keys = await openPointerKeys(config.pointerKeys);
  const path = config.signingKey;
  // A command that only reads needs no key to sign with: whoever writes is asked for it then.
  if (path === undefined) return { keys };
  const signing = { keys, key: readSigningKey(await readPem('TOPSHELF_SIGNING_KEY', path), path) };
  assertCanSign(signing);
  return signing;
}

async function readPem(setting: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${setting} names a file that cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
