import { readRecord, recordedEpochs } from './activation-records.ts';
import type { PublisherContext } from './context.ts';
import type { PointerState } from './pointer-state.ts';

/** What became of a version that was live. */
export interface Replacement {
  /** The epoch from which on it was live last. */
  readonly since: number;
  /** What has taken over, by the pointer, or by the newest record where there is no pointer that can be read. */
  readonly by: { readonly version: string; readonly epoch: number };
}

/**
 * How a version was replaced; undefined where it was never live, or still is. Records are read from the newest on, until
 * it is found: there may be thousands. Rejects as `readRecord` does.
 */
export async function replacementOf(
  { archive }: Pick<PublisherContext, 'archive'>,
  { placement, version }: { readonly placement: string; readonly version: string },
  state: PointerState,
  signal: AbortSignal,
): Promise<Replacement | undefined> {
  let by: Replacement['by'] | undefined = state.kind === 'pointer' ? state.pointer : undefined;
  let since: number | undefined;
  for (const epoch of await recordedEpochs(archive, placement, signal)) {
    const record = await readRecord(archive, placement, epoch, signal);
    by ??= record;
    if (by.version === version) return undefined;
    if (record.version === version) since = epoch;
    else if (since !== undefined) break;
  }
  if (by === undefined || since === undefined) return undefined;
  return { since, by: { version: by.version, epoch: by.epoch } };
}
