import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { BadInputError } from '../../domain/errors.ts';

/**
 * What is known of a regular file. Throws BadInputError for anything else: files are read more than once, and a pipe
 * that nobody writes to is never opened, whatever is done to end it.
 * @param path the file's name for messages
 */
export async function statRegularFile(localPath: string, path = localPath): Promise<Stats> {
  const facts = await stat(localPath);
  if (facts.isFile()) return facts;
  throw new BadInputError(
    `${path} is ${kindOf(facts)}, not a regular file, which can be read more than once`,
  );
}

function kindOf(facts: Stats): string {
  if (facts.isDirectory()) return 'a directory';
  if (facts.isFIFO()) return 'a pipe';
  if (facts.isSocket()) return 'a socket';
  return facts.isCharacterDevice() || facts.isBlockDevice() ? 'a device' : 'something else';
}
