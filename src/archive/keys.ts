import { UsageError } from '../domain/errors.ts';
import { shown } from '../domain/ids.ts';

// What topshelf's own keys are made of. Nothing here can climb out of a root or mean two things to two stores.
const PART = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** The parts of an archive key. Throws UsageError where it is not `part/part/…` of plain characters. */
export function keyParts(key: string): string[] {
  const parts = key.split('/');
  if (!parts.every((part) => PART.test(part))) throw new UsageError(`${shown(key)} is not an archive key`);
  return parts;
}
