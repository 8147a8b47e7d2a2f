import type { StoredPrediction } from '../domain/prediction.ts';
import type { PublisherContext } from './context.ts';
import { PRICES } from './estimate-prices.ts';
import { itemLine } from './import-table/upload-items.ts';
import { readInput } from './input/read-input.ts';
import { DEFAULT_KEEP, inputOptions, type LoadRequest } from './load-request.ts';
import type { OnProgress } from './progress.ts';

/** What a load would write and cost. Bytes are DynamoDB's count, dollars those of `prices`. */
export interface Estimate {
  readonly placement: string;
  readonly rows: number;
  readonly items: number;
  /** Names and values of all attributes, without what DynamoDB adds for itself. */
  readonly bytes: number;
  readonly writeUnits: number;
  readonly dollars: {
    /** Writing the items 25 at a time, on demand. */
    readonly write: number;
    /** Importing them instead (`--engine import-table`), S3's own charges not counted. */
    readonly import: number;
    readonly storagePerMonth: number;
  };
  readonly prices: typeof PRICES;
}

/** What BatchWriteItem charges by: a unit for each KB begun. */
const UNIT_BYTES = 1024;
/** What storage is charged for beside each item's own bytes: its index. */
const STORED_OVERHEAD_BYTES = 100;
const GB = 1024 ** 3;

/** Reads the input as a load does, and writes nothing. Rejects as `load` does before it makes a table. */
export async function estimate(
  context: Pick<PublisherContext, 'memoryLimitBytes' | 'tempDir' | 'now'>,
  request: LoadRequest,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Estimate> {
  const { placement, paths, keep = DEFAULT_KEEP } = request;
  const input = await readInput(paths, inputOptions(context, { ...request, keep }, onProgress, signal));
  try {
    let bytes = 0;
    let writeUnits = 0;
    let importedBytes = 0;
    for await (const prediction of input.predictions()) {
      const size = itemBytes(prediction);
      bytes += size;
      importedBytes += Buffer.byteLength(itemLine(prediction));
      writeUnits += Math.ceil(size / UNIT_BYTES);
    }
    const stored = (bytes + input.users * STORED_OVERHEAD_BYTES) / GB;
    return {
      placement,
      rows: input.rows,
      items: input.users,
      bytes,
      writeUnits,
      dollars: {
        write: writeUnits * PRICES.perWriteUnit,
        import: (importedBytes / GB) * PRICES.perImportedGb,
        storagePerMonth: stored * PRICES.perGbMonth,
      },
      prices: PRICES,
    };
  } finally {
    await input.close();
  }
}

/**
 * An item's size: names and values in UTF-8.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function itemBytes({ userId, items }: StoredPrediction): number {
  return 'userId'.length + Buffer.byteLength(userId) + 'items'.length + Buffer.byteLength(items);
}
