import { UNSEALED_HASH } from '../../domain/pointer.ts';
import { readRecord, recordedEpochs } from '../activation-records.ts';
import type { PublisherContext } from '../context.ts';
import type { PointerState } from '../pointer-state.ts';

/** The version that shoppers get now. */
export interface LiveVersion {
  readonly version: string;
  readonly contentHash: string;
  readonly generatedAt: string;
  /** Null for a bare table name, which has none. */
  readonly epoch: number | null;
}

export interface NothingLive {
  readonly kind: 'none';
  readonly why: string;
}

/**
 * What a candidate is compared with. A pointer that was deleted or cannot be read leaves servers on what they have: that
 * is the newest record's version, so losing a pointer loses no comparison. Rejects with UnreachableError.
 */
export async function liveBaseline(
  { archive }: Pick<PublisherContext, 'archive'>,
  placement: string,
  state: PointerState,
  signal: AbortSignal,
): Promise<LiveVersion | NothingLive> {
  switch (state.kind) {
    case 'pointer':
      return sealedOnly(state.pointer);
    case 'bare': {
      const { seal, table } = state;
      if (seal === null) return { kind: 'none', why: `the live table ${table} has no seal` };
      const { version, contentHash, generatedAt } = seal;
      return { version, contentHash, generatedAt, epoch: null };
    }
    case 'absent':
    case 'malformed': {
      const [highest] = await recordedEpochs(archive, placement, signal);
      if (highest === undefined) return { kind: 'none', why: 'nothing is live' };
      return sealedOnly(await readRecord(archive, placement, highest, signal));
    }
  }
}

function sealedOnly(live: LiveVersion & { readonly table: string }): LiveVersion | NothingLive {
  const { version, contentHash, generatedAt, epoch, table } = live;
  if (contentHash === UNSEALED_HASH) return { kind: 'none', why: `the live table ${table} has no seal` };
  return { version, contentHash, generatedAt, epoch };
}
