import { createHash } from 'node:crypto';
import { activated, type SealedTable } from '../src/domain/pointer-changes.ts';
import type { RankedPair } from '../src/domain/prediction.ts';
import type { Seal } from '../src/domain/seal.ts';
import { parseTableName, tableName } from '../src/domain/version.ts';
import type { PointerToken } from '../src/pointer/pointer-source.ts';
import type { PointerWriter } from '../src/pointer/pointer-writer.ts';

export const PLACEMENT = 'home';
const PREFIX = 'load';

/** The two versions that swaps go between. */
export const VERSIONS = ['20261121T000000Z-00000a', '20261122T000000Z-00000b'] as const;

const POPULAR = Array.from({ length: 20 }, (_, rank): RankedPair => [`popular-${rank}`, 1 - rank / 20]);

/** A version's table and seal. They follow from the version alone, so that the stub needs no telling. */
export function sealedTable(version: string): SealedTable {
  const seal: Seal = {
    schemaVersion: 1,
    placement: PLACEMENT,
    version,
    users: 10_000_000,
    contentHash: `sha256:${createHash('sha256').update(version).digest('hex')}`,
    generatedAt: '2026-11-21T00:00:00.000Z',
    popular: POPULAR,
  };
  return { table: tableName(PREFIX, PLACEMENT, version), seal };
}

/** The seal of a table; undefined where it is none of these. */
export function sealOf(table: string): Seal | undefined {
  const parsed = parseTableName(PREFIX, table);
  return parsed === undefined ? undefined : sealedTable(parsed.version).seal;
}

/** Moves the pointer to versions, one epoch after the other, with the code that publishers use. */
export function createSwitch(pointers: PointerWriter): (version: string) => Promise<number> {
  let epoch = 0;
  let token: PointerToken | null = null;
  return async (version) => {
    epoch += 1;
    const author = {
      epoch,
      writeId: `load-${epoch}`,
      at: new Date().toISOString(),
      by: 'load-tests',
      reason: 'load test',
    };
    const pointer = activated(null, sealedTable(version), author);
    token = await pointers.write(pointer, token, AbortSignal.timeout(10_000));
    return epoch;
  };
}
