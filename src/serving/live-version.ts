import { LRUCache } from 'lru-cache';
import { isSameVersion, type Pointer } from '../domain/pointer.ts';
import type { RankedPair } from '../domain/prediction.ts';
import type { CacheBudget, PredictionCache } from './prediction-cache.ts';
import { versionTag } from './validator.ts';
import type { VersionReads } from './version-reads.ts';

/** Users known not to be in a version; apart from the predictions, so that a flood of made-up ids evicts nobody. */
export type UnknownUsers = LRUCache<string, number>;

/** What is kept for one version for as long as it is live, over all epochs that name it. */
export interface VersionState {
  readonly predictions: PredictionCache;
  /** User id → when the table was asked, in milliseconds of the service's clock. */
  readonly unknownUsers: UnknownUsers;
  readonly reads: VersionReads;
}

/**
 * What a placement serves: immutable, replaced as a whole by one assignment. A request keeps the object it started
 * with, so that two versions can never mix in one answer.
 */
export interface LiveVersion {
  readonly pointer: Pointer;
  /** Of the pointer's content; undefined for a bare table name. */
  readonly checksum: string | undefined;
  readonly adoptedAt: string;
  readonly popular: readonly RankedPair[];
  readonly blocked: ReadonlySet<string>;
  /** For the validators of its answers, `versionTag`; undefined where its table may change. */
  readonly tag: string | undefined;
  readonly state: VersionState;
}

const MAX_UNKNOWN_USERS = 10_000;

export interface LiveVersionParts {
  readonly pointer: Pointer;
  readonly checksum: string | undefined;
  readonly adoptedAt: string;
  readonly previous: LiveVersion | undefined;
  /** Whether its table is known to have a seal, and so never to change. */
  readonly isSealed: boolean;
  readonly budget: CacheBudget;
  readonly openReads: (table: string) => VersionReads;
}

/** The live version that `pointer` asks for. One that names the same table as `previous` keeps its cache and breaker. */
export function createLiveVersion(parts: LiveVersionParts): LiveVersion {
  const { pointer, checksum, adoptedAt, previous, isSealed, budget, openReads } = parts;
  const isSameTable = previous !== undefined && isSameVersion(previous.pointer, pointer);
  return Object.freeze({
    pointer,
    checksum,
    adoptedAt,
    popular: pointer.popular,
    blocked: keepIfEqual(previous?.blocked, pointer.blocked),
    tag: isSealed ? versionTag(pointer) : undefined,
    state: isSameTable
      ? previous.state
      : {
          predictions: budget.createCache(),
          // By size, not `max`: that would set the memory of all of them aside at every swap.
          unknownUsers: new LRUCache<string, number>({
            maxSize: MAX_UNKNOWN_USERS,
            sizeCalculation: () => 1,
          }),
          reads: openReads(pointer.table),
        },
  });
}

/** Lets go of a version that is live no more. Reads under way end as they would have; no new ones come. */
export function retire({ predictions, unknownUsers, reads }: VersionState): void {
  predictions.retire();
  unknownUsers.clear();
  reads.close();
}

/** Answers remember the set they were rendered with: the same products keep the same object. */
function keepIfEqual(
  previous: ReadonlySet<string> | undefined,
  blocked: readonly string[],
): ReadonlySet<string> {
  const next = new Set(blocked);
  const isEqual = previous?.size === next.size && blocked.every((productId) => previous.has(productId));
  return isEqual ? previous : next;
}
