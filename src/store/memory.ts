import { StoreError, StoreTimeoutError, TableMissingError } from '../domain/errors.ts';
import type { StoredPrediction } from '../domain/prediction.ts';
import type { Seal } from '../domain/seal.ts';
import { untilAborted } from '../resilience/deadline.ts';
import type { PredictionReader, UserRead } from './prediction-reader.ts';
import {
  refuseReserved,
  type LoadProgress,
  type PredictionTables,
  type TableOptions,
} from './prediction-tables.ts';

/** What a test can make the store do; every hook may throw, return a promise, or both. */
export interface MemoryStoreFaults {
  /** Runs before every read of users or seal. */
  beforeRead?: ((table: string, userIds: readonly string[]) => Promise<void> | void) | undefined;
  /** Runs before every write; the predictions it returns are left unprocessed. */
  unprocessed?: ((predictions: readonly StoredPrediction[]) => readonly StoredPrediction[]) | undefined;
  /** Runs before every deletion of a table. */
  beforeDelete?: ((table: string) => Promise<void> | void) | undefined;
  /** Users that reads no longer find. */
  erased?: ReadonlySet<string> | undefined;
  /** Users of a read that are reported as throttled. */
  throttled?: ((userId: string) => boolean) | undefined;
}

/** Both ports over one map, with faults on demand. */
export interface MemoryStore extends PredictionReader, PredictionTables {
  readonly faults: MemoryStoreFaults;
  /** How often each operation was called. */
  readonly calls: { reads: number; usersRead: number; sealReads: number; writes: number };
  /** What was asked for a table, in all. */
  optionsOf(table: string): TableOptions;
}

interface Table {
  readonly createdAt: string;
  readonly items: Map<string, string>;
  seal: Seal | null;
  progress: LoadProgress | null;
  options: TableOptions;
}

/** A store in this process's memory, for tests. */
export function createMemoryStore(): MemoryStore {
  const tables = new Map<string, Table>();
  const faults: MemoryStoreFaults = {};
  const calls = { reads: 0, usersRead: 0, sealReads: 0, writes: 0 };

  function find(table: string): Table {
    const found = tables.get(table);
    if (found === undefined) throw new TableMissingError(table);
    return found;
  }

  async function answer<T>(
    table: string,
    userIds: readonly string[],
    get: () => T,
    signal: AbortSignal,
  ): Promise<T> {
    const work = (async () => {
      await faults.beforeRead?.(table, userIds);
      return get();
    })();
    return untilAborted(work, signal, () => new StoreTimeoutError('the memory store was not asked in time'));
  }

  function readSeal(table: string, signal: AbortSignal): Promise<Seal | null> {
    calls.sealReads += 1;
    return answer(table, [], () => find(table).seal, signal);
  }

  return {
    faults,
    calls,
    readSeal,

    read(table, userIds, signal) {
      calls.reads += 1;
      calls.usersRead += userIds.length;
      const readOne = (userId: string): UserRead => {
        if (faults.throttled?.(userId)) return { kind: 'throttled' };
        const items = faults.erased?.has(userId) ? undefined : find(table).items.get(userId);
        return items === undefined ? { kind: 'absent' } : { kind: 'found', items };
      };
      const readAll = () => {
        find(table);
        return new Map(userIds.map((userId) => [userId, readOne(userId)]));
      };
      return answer(table, userIds, readAll, signal);
    },

    optionsOf: (table) => find(table).options,

    async create(table, _signal, options = {}) {
      if (tables.has(table)) throw new StoreError(`table ${table} exists already`);
      const createdAt = new Date().toISOString();
      tables.set(table, { createdAt, items: new Map(), seal: null, progress: null, options });
    },

    async configure(table, options) {
      const target = find(table);
      const tags = { ...target.options.tags, ...options.tags };
      target.options = { ...target.options, ...options, tags };
    },

    async writeProgress(table, progress) {
      find(table).progress = progress;
    },

    async readProgress(table) {
      return find(table).progress;
    },

    async write(table, predictions) {
      calls.writes += 1;
      const target = find(table);
      const left = [...(faults.unprocessed?.(predictions) ?? [])];
      for (const { userId, items } of predictions) {
        if (!left.some((prediction) => prediction.userId === userId)) target.items.set(userId, items);
      }
      return left;
    },

    async readBack(table, userIds) {
      const { items } = find(table);
      return new Map(
        userIds.flatMap((userId) => {
          const text = items.get(userId);
          return text === undefined ? [] : [[userId, text]];
        }),
      );
    },

    async seal(table, seal) {
      find(table).seal = seal;
    },

    async describe(table) {
      const found = tables.get(table);
      return found === undefined ? null : { table, status: 'active', createdAt: found.createdAt };
    },

    async list(prefix) {
      return [...tables.keys()].filter((table) => table.startsWith(prefix));
    },

    async eraseUser(table, userId) {
      refuseReserved(userId);
      return find(table).items.delete(userId);
    },

    async delete(table) {
      await faults.beforeDelete?.(table);
      tables.delete(table);
    },

    close() {
      // Nothing is held open.
    },
  };
}
