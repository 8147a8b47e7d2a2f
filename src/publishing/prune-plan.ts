import { NotFoundError } from '../domain/errors.ts';
import { MAX_LISTED, type Pointer } from '../domain/pointer.ts';
import { parseTableName, versionTime } from '../domain/version.ts';
import type { PublisherContext } from './context.ts';
import { sealOrNull } from './pointer-state.ts';
import { rollbackTarget } from './rollback-target.ts';
import type { ReplicaReport } from './replicas.ts';

/** What is kept whatever else happens. */
export interface PruneRules {
  /**
   * 2 or more. What is live stays, and what one rollback fewer than this would go to in turn; and this many of the
   * newest sealed versions that are not quarantined, whether they were ever live or not.
   */
  readonly keepVersions: number;
  /** Younger versions stay, in milliseconds since their id was made. */
  readonly minAgeMs: number;
}

/** One table, and why it stays or goes. */
export interface PruneDecision {
  readonly version: string;
  readonly table: string;
  readonly isSealed: boolean;
  readonly isKept: boolean;
  /** In words that follow the version: `is live`. */
  readonly why: string;
}

export interface PrunePlan {
  readonly decisions: readonly PruneDecision[];
  /** Versions on the pointer's retired list whose tables are gone: they may leave it. */
  readonly gone: readonly string[];
}

/**
 * A load writes into its table for hours, not for days, and may not have begun to note how far it is: a table without
 * a seal stays this long, in milliseconds, however short the minimum age is.
 */
export const UNSEALED_MIN_AGE_MS = 24 * 3_600_000;

/**
 * What pruning would delete, by one reading of the pointer. Changes nothing. Rejects with UnreachableError where the
 * rollbacks' targets cannot be found out for sure.
 */
export async function planPruning(
  context: Pick<PublisherContext, 'tables' | 'archive' | 'tablePrefix' | 'now'>,
  pointer: Pointer,
  { keepVersions, minAgeMs }: PruneRules,
  reports: readonly ReplicaReport[],
  signal: AbortSignal,
): Promise<PrunePlan> {
  const { placement } = pointer;
  const targets = await targetsOf(context, pointer, keepVersions - 1, signal);
  const found = await tablesOf(context, placement, signal);
  const isQuarantined = ({ version, contentHash }: Found) =>
    pointer.quarantined.some((left) => left.version === version || left.contentHash === contentHash);
  const recent = found.filter((each) => each.isSealed && !isQuarantined(each));
  const newest = new Set(recent.slice(0, keepVersions).map(({ version }) => version));
  const at = context.now();

  const whyKept = ({ version, table, isSealed }: Found): string | undefined => {
    if (version === pointer.version || table === pointer.table) return 'is live';
    const rollbacks = targets.indexOf(version) + 1;
    if (rollbacks > 0)
      return rollbacks === 1 ? 'is what a rollback goes to' : `is what rollback ${rollbacks} goes to`;
    const served = reports.find((report) => report.version === version || report.table === table);
    if (served !== undefined) return `is served by ${served.replica}`;
    if (pointer.retired.includes(version)) return undefined;
    if (newest.has(version)) return `is one of the ${keepVersions} newest`;
    const minAge = isSealed ? minAgeMs : Math.max(minAgeMs, UNSEALED_MIN_AGE_MS);
    if (at - versionTime(version) >= minAge) return undefined;
    const hours = Math.round(minAge / 360_000) / 10;
    return isSealed
      ? `is younger than ${hours} h`
      : `has no seal, but is younger than ${hours} h: its load may be under way`;
  };
  const whyNot = ({ version, isSealed }: Found): string => {
    if (pointer.retired.includes(version)) return 'was retired before, and its table is still there';
    return isSealed ? 'is not needed any more' : 'has no seal: its load did not come to its end';
  };

  const existing = new Set(found.map(({ version }) => version));
  const gone = pointer.retired.filter((version) => !existing.has(version));
  let places = MAX_LISTED - (pointer.retired.length - gone.length);
  // Oldest first: what does not fit on the list has its turn at the next pruning.
  const decisions = found.toReversed().map((table): PruneDecision => {
    const named = { version: table.version, table: table.table, isSealed: table.isSealed };
    const why = whyKept(table);
    if (why !== undefined) return { ...named, isKept: true, why };
    const isListed = pointer.retired.includes(table.version);
    if (!isListed && places === 0) {
      return { ...named, isKept: true, why: `waits for the next pruning: ${MAX_LISTED} at once are enough` };
    }
    if (!isListed) places -= 1;
    return { ...named, isKept: false, why: whyNot(table) };
  });
  return { decisions: decisions.reverse(), gone };
}

interface Found {
  readonly version: string;
  readonly table: string;
  readonly isSealed: boolean;
  readonly contentHash: string | undefined;
}

/** The placement's tables that topshelf named, newest first. */
async function tablesOf(
  { tables, tablePrefix }: Pick<PublisherContext, 'tables' | 'tablePrefix'>,
  placement: string,
  signal: AbortSignal,
): Promise<Found[]> {
  const found: Found[] = [];
  for (const table of await tables.list(`${tablePrefix}-${placement}-`, signal)) {
    const named = parseTableName(tablePrefix, table);
    if (named?.placement !== placement) continue;
    const seal = await sealOrNull(tables, table, signal);
    found.push({ version: named.version, table, isSealed: seal !== null, contentHash: seal?.contentHash });
  }
  return found.sort((a, b) => (a.version < b.version ? 1 : -1));
}

/** Where the next rollback goes, and each one after it: as many as are kept beside what is live. */
async function targetsOf(
  context: Pick<PublisherContext, 'tables' | 'archive' | 'tablePrefix'>,
  pointer: Pointer,
  count: number,
  signal: AbortSignal,
): Promise<string[]> {
  const { placement, epoch } = pointer;
  const targets: string[] = [];
  let leaving: { version: string; contentHash: string; table: string } = pointer;
  let before: Pointer = pointer;
  while (targets.length < count) {
    try {
      const question = { placement, leaving, epoch: epoch + 1, before };
      const { seal, table } = await rollbackTarget(context, question, signal);
      targets.push(seal.version);
      const left = { version: leaving.version, contentHash: leaving.contentHash, at: '', by: '', reason: '' };
      before = { ...before, quarantined: [...before.quarantined, left] };
      leaving = { version: seal.version, contentHash: seal.contentHash, table };
    } catch (error) {
      if (error instanceof NotFoundError) break;
      throw error;
    }
  }
  return targets;
}
