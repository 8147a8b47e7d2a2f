import {
  MAX_BLOCKED,
  MAX_LISTED,
  UNSEALED_HASH,
  type Hold,
  type Override,
  type Pointer,
  type Quarantined,
} from './pointer.ts';
import { UsageError } from './errors.ts';
import type { Seal } from './seal.ts';

/** Who writes the pointer, when, and why. */
export interface Authorship {
  readonly epoch: number;
  readonly writeId: string;
  /** ISO 8601. */
  readonly at: string;
  readonly by: string;
  readonly reason: string;
}

/** What is put live: a sealed version and the table that holds it. */
export interface SealedTable {
  readonly table: string;
  readonly seal: Seal;
}

/** The pointer that makes `target` live; hold, quarantine, retired and blocked lists of `before` are kept. */
export function activated(
  before: Pointer | null,
  target: SealedTable,
  author: Authorship,
  override: Override | null = null,
): Pointer {
  const { seal, table } = target;
  return {
    schemaVersion: 1,
    placement: seal.placement,
    epoch: author.epoch,
    writeId: author.writeId,
    version: seal.version,
    table,
    contentHash: seal.contentHash,
    generatedAt: seal.generatedAt,
    activatedAt: author.at,
    activatedBy: author.by,
    reason: author.reason,
    override,
    hold: before?.hold ?? null,
    quarantined: before?.quarantined ?? [],
    retired: before?.retired ?? [],
    blocked: before?.blocked ?? [],
    popular: seal.popular,
  };
}

/** The pointer that goes back to `target`, takes a hold and quarantines the version that `before` names. */
export function rolledBack(before: Pointer, target: SealedTable, author: Authorship): Pointer {
  const hold: Hold = { since: author.at, by: author.by, reason: author.reason };
  const left: Quarantined = {
    version: before.version,
    contentHash: before.contentHash,
    at: author.at,
    by: author.by,
    reason: author.reason,
  };
  const others = before.quarantined.filter(({ version }) => version !== before.version);
  return {
    ...activated(before, target, author),
    hold,
    quarantined: [left, ...others].slice(0, MAX_LISTED),
  };
}

/** The same version without the hold. */
export function released(before: Pointer, author: Authorship): Pointer {
  return { ...authored(before, author), hold: null };
}

/** The same version with these products out of every answer. Throws UsageError past the list's limit. */
export function blocked(before: Pointer, productIds: readonly string[], author: Authorship): Pointer {
  const list = [...new Set([...before.blocked, ...productIds])];
  if (list.length > MAX_BLOCKED) {
    throw new UsageError(
      `${list.length} products would be blocked; at most ${MAX_BLOCKED} can be. ` +
        'Unblock some, or publish a batch without them.',
    );
  }
  return { ...authored(before, author), blocked: list };
}

/** The same version with these products back in. */
export function unblocked(before: Pointer, productIds: readonly string[], author: Authorship): Pointer {
  const back = new Set(productIds);
  return { ...authored(before, author), blocked: before.blocked.filter((id) => !back.has(id)) };
}

/**
 * The same version, with `versions` never to be activated again: their tables are about to be deleted. Those of
 * `deleted`, whose tables are gone, leave the list. Throws UsageError where it would overflow: an entry pushed out of
 * the list would be free to be chosen while its table is being deleted.
 */
export function retired(
  before: Pointer,
  versions: readonly string[],
  deleted: readonly string[],
  author: Authorship,
): Pointer {
  const gone = new Set(deleted);
  const kept = before.retired.filter((version) => !gone.has(version));
  const list = [...new Set([...versions, ...kept])];
  if (list.length > MAX_LISTED) {
    throw new UsageError(
      `${list.length} versions would be retired at once; at most ${MAX_LISTED} can be. Delete those first that are.`,
    );
  }
  if (list.includes(before.version)) {
    throw new UsageError(`version ${before.version} is live and cannot be retired`);
  }
  return { ...authored(before, author), retired: list };
}

/** The quarantine list without this version, and without its content under any other id. */
export function outOfQuarantine(
  quarantined: readonly Quarantined[],
  candidate: { version: string; contentHash: string },
): readonly Quarantined[] {
  return quarantined.filter((entry) => !isQuarantinedBy(entry, candidate));
}

/** The entry that quarantines this version, or its content under another id; undefined where none does. */
export function quarantineOf(
  quarantined: readonly Quarantined[],
  candidate: { readonly version: string; readonly contentHash: string },
): Quarantined | undefined {
  return quarantined.find((entry) => isQuarantinedBy(entry, candidate));
}

function isQuarantinedBy(
  { version, contentHash }: Quarantined,
  candidate: { readonly version: string; readonly contentHash: string },
): boolean {
  // Tables without a seal share one word for their content: it says nothing about what they hold.
  return (
    version === candidate.version || (contentHash === candidate.contentHash && contentHash !== UNSEALED_HASH)
  );
}

/** The same pointer, written again. */
export function authored(before: Pointer, author: Authorship): Pointer {
  return {
    ...before,
    epoch: author.epoch,
    writeId: author.writeId,
    activatedAt: author.at,
    activatedBy: author.by,
    reason: author.reason,
  };
}
