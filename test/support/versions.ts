import type { MemoryPointers } from '../../src/pointer/memory.ts';
import { encodePointer } from '../../src/pointer/codec.ts';
import { activated, type SealedTable } from '../../src/domain/pointer-changes.ts';
import type { Pointer } from '../../src/domain/pointer.ts';
import { encodeItems, type RankedPair } from '../../src/domain/prediction.ts';
import type { Seal } from '../../src/domain/seal.ts';
import { tableName } from '../../src/domain/version.ts';
import type { PredictionTables } from '../../src/store/prediction-tables.ts';

export interface VersionContent {
  readonly placement?: string;
  /** Told apart by number: version ids, hashes and tables follow from it. */
  readonly number: number;
  readonly users: Readonly<Record<string, readonly RankedPair[]>>;
  readonly popular?: readonly RankedPair[];
}

const DEFAULT_POPULAR: readonly RankedPair[] = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7'].map((id, index) => [
  id,
  1 - index / 10,
]);

/** The version, table and seal that go with a number. */
export function sealedTable({ placement = 'home', number, users, popular }: VersionContent): SealedTable {
  const version = `20261121T000000Z-${number.toString(16).padStart(6, '0')}`;
  const seal: Seal = {
    schemaVersion: 1,
    placement,
    version,
    users: Object.keys(users).length,
    contentHash: `sha256:${number.toString(16).padStart(64, '0')}`,
    generatedAt: '2026-11-21T00:00:00.000Z',
    popular: popular ?? DEFAULT_POPULAR,
  };
  return { table: tableName('test', placement, version), seal };
}

/** Writes a version into the store, sealed unless told otherwise. */
export async function storeVersion(
  tables: PredictionTables,
  content: VersionContent,
  { sealed = true }: { sealed?: boolean } = {},
): Promise<SealedTable> {
  const signal = AbortSignal.timeout(10_000);
  const made = sealedTable(content);
  await tables.create(made.table, signal);
  const predictions = Object.entries(content.users).map(([userId, pairs]) => ({
    userId,
    items: encodeItems(pairs),
  }));
  if (predictions.length > 0) await tables.write(made.table, predictions, signal);
  if (sealed) await tables.seal(made.table, made.seal, signal);
  return made;
}

/** The pointer that makes a version live at an epoch. */
export function pointerTo(target: SealedTable, epoch: number, changes: Partial<Pointer> = {}): Pointer {
  const author = {
    epoch,
    writeId: `write-${epoch}`,
    at: '2026-11-21T03:00:00.000Z',
    by: 'test',
    reason: 'test',
  };
  return { ...activated(null, target, author), ...changes };
}

/** Puts a pointer where servers find it, whatever was there. */
export function point(pointers: Pick<MemoryPointers, 'put'>, pointer: Pointer): void {
  pointers.put(pointer.placement, encodePointer(pointer));
}

/** A ranked list of products, best first. */
export function list(...productIds: readonly string[]): RankedPair[] {
  return productIds.map((productId, index) => [productId, 1 - index / 100]);
}
