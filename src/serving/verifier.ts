import {
  messageOf,
  PointerRejectedError,
  StoreError,
  TableMissingError,
  TopshelfError,
} from '../domain/errors.ts';
import { UNSEALED_HASH, type Pointer, type PointerContent } from '../domain/pointer.ts';
import type { Seal } from '../domain/seal.ts';
import type { PredictionReader } from '../store/prediction-reader.ts';

export interface VerifierOptions {
  readonly reader: Pick<PredictionReader, 'readSeal'>;
  /** Adopt tables without a seal, made by other tools. */
  readonly allowUnsealed: boolean;
  readonly now: () => number;
}

/** What a bare table name takes over from the pointer before it: it carries neither itself. */
export type Inherited = Pick<Pointer, 'epoch' | 'blocked'>;

/** Proves that what a pointer names may be served; resolves with the pointer in full. */
export type Verify = (
  placement: string,
  content: PointerContent,
  before: Inherited | undefined,
  signal: AbortSignal,
) => Promise<Pointer>;

const NOTHING_BEFORE: Inherited = { epoch: 0, blocked: [] };

// Verification is off the request path and may wait; a table that is slow to answer is no reason to refuse it.
const SEAL_TIMEOUT_MS = 2000;

/**
 * A verifier that reads the table's seal: one strongly consistent read proves that the table exists, is active, is
 * complete and is the one that the pointer means. It throws PointerRejectedError, with the reason.
 * A bare table name is filled in from its seal. It stands at the epoch that was served before, below the next pointer,
 * and what was blocked stays blocked.
 */
export function createVerifier({ reader, allowUnsealed, now }: VerifierOptions): Verify {
  return async (placement, content, before = NOTHING_BEFORE, signal) => {
    const table = content.kind === 'pointer' ? content.pointer.table : content.table;
    const seal = await readSeal(reader, table, signal);
    if (seal === null && !allowUnsealed) {
      throw new PointerRejectedError(
        'unsealed',
        `table ${table} has no seal: it is not complete, or was made by another tool (--allow-unsealed takes those)`,
      );
    }
    if (content.kind === 'bare') {
      if (seal !== null) expectEqual(table, 'placement', seal.placement, placement);
      return fromBareName(placement, table, seal, before, new Date(now()).toISOString());
    }
    if (seal !== null) {
      for (const field of ['placement', 'version', 'contentHash'] as const) {
        expectEqual(table, field, seal[field], content.pointer[field]);
      }
    }
    return content.pointer;
  };
}

async function readSeal(
  reader: VerifierOptions['reader'],
  table: string,
  signal: AbortSignal,
): Promise<Seal | null> {
  try {
    return await reader.readSeal(table, AbortSignal.any([signal, AbortSignal.timeout(SEAL_TIMEOUT_MS)]));
  } catch (error) {
    if (!(error instanceof TopshelfError)) throw error;
    const reason =
      error instanceof TableMissingError
        ? 'table-missing'
        : error instanceof StoreError
          ? 'store-error'
          : 'store-unreachable';
    throw new PointerRejectedError(reason, messageOf(error), { cause: error });
  }
}

function expectEqual(table: string, field: string, sealed: string, pointed: string): void {
  if (sealed === pointed) return;
  throw new PointerRejectedError(
    'seal-mismatch',
    `the seal of table ${table} has ${field} ${sealed}, the pointer says ${pointed}`,
  );
}

function fromBareName(
  placement: string,
  table: string,
  seal: Seal | null,
  { epoch, blocked }: Inherited,
  at: string,
): Pointer {
  const reason = 'a bare table name, written by hand';
  const by = 'by hand';
  return {
    schemaVersion: 1,
    placement,
    epoch,
    writeId: 'by-hand',
    version: seal?.version ?? table,
    table,
    contentHash: seal?.contentHash ?? UNSEALED_HASH,
    generatedAt: seal?.generatedAt ?? at,
    activatedAt: at,
    activatedBy: by,
    reason,
    override: null,
    hold: { since: at, by, reason },
    quarantined: [],
    retired: [],
    blocked,
    popular: seal?.popular ?? [],
  };
}
