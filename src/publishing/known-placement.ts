import { NotFoundError } from '../domain/errors.ts';
import type { PublisherContext } from './context.ts';
import type { PointerState } from './pointer-state.ts';

/** Throws NotFoundError for a placement that has neither a pointer nor anything in the archive: a misspelt name. */
export async function requirePlacement(
  { archive }: Pick<PublisherContext, 'archive'>,
  placement: string,
  state: PointerState,
  signal: AbortSignal,
): Promise<void> {
  if (state.kind !== 'absent' || (await archive.listFolders(signal)).includes(placement)) return;
  throw new NotFoundError(`placement ${placement} has no pointer and nothing in the archive`);
}
