import { readRecord, recordedEpochs, type ActivationRecord } from './activation-records.ts';
import type { PublisherContext } from './context.ts';

/** One write of the pointer, as the ledger shows it. */
export type LedgerEntry = Pick<
  ActivationRecord,
  'epoch' | 'action' | 'version' | 'at' | 'by' | 'reason' | 'override' | 'check'
>;

/** The latest `count` writes of a placement's pointer, newest first. Rejects as `readRecord` does. */
export async function historyOf(
  { archive }: Pick<PublisherContext, 'archive'>,
  placement: string,
  count: number,
  signal: AbortSignal,
): Promise<LedgerEntry[]> {
  const epochs = (await recordedEpochs(archive, placement, signal)).slice(0, count);
  return Promise.all(
    epochs.map(async (recorded) => {
      const { epoch, action, version, at, by, reason, override, check } = await readRecord(
        archive,
        placement,
        recorded,
        signal,
      );
      return { epoch, action, version, at, by, reason, override, check };
    }),
  );
}
