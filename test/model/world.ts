import type * as fc from 'fast-check';
import { createMemoryArchive } from '../../src/archive/memory.ts';
import type { Pointer } from '../../src/domain/pointer.ts';
import { encodePointer } from '../../src/pointer/codec.ts';
import { createMemoryPointers } from '../../src/pointer/memory.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { History } from '../support/history.ts';
import type { Batch } from './batches.ts';
import { faultsOf, type Command } from './rules.ts';
import type { ModelServer } from './server.ts';

export const never = new AbortController().signal;

/** What a call of an adapter meets: most are answered, some from an old state, some not at all, some after the deed. */
export type Fate = 'answers' | 'stale' | 'fails' | 'reply-lost' | 'hint-lost' | 'hint-twice';

/** One write of the pointer, in the order in which the store took them. */
export interface LoggedPointer {
  readonly pointer: Pointer;
  readonly content: Uint8Array;
  /** What the store told its writer; undefined where nobody has been told. */
  token: string | undefined;
}

/** A pointer write that is on its way into the store. */
export interface Landing {
  readonly pointer: Pointer;
  readonly expected: string | null;
  readonly command: Command & { landed: number };
}

/** An installation in memory: what all publishers and servers of one schedule share, and what was seen of it. */
export class World {
  readonly pointers = createMemoryPointers();
  readonly tables = createMemoryStore();
  readonly archive = createMemoryArchive();
  readonly log: LoggedPointer[] = [];
  readonly servers: ModelServer[] = [];
  /** By version, from when its table is made. */
  readonly batches = new Map<string, Batch>();
  readonly violations: string[] = [];
  readonly history = new History({
    holds: ({ version, userId, source, epoch = 0 }) => this.#holds(version, userId, source, epoch),
    // How late a server may follow is looked at where the schedule has come to rest.
    lag: Infinity,
  });
  readonly seen = { prunedTables: 0, crashes: 0, lostRaces: 0, resumed: 0, stopped: 0, held: 0 };
  /** Milliseconds of the servers' clocks. */
  serverTime = 0;
  /** While true, nothing fails and nothing is late. */
  isCalm = true;
  landing: Landing | undefined;
  readonly #scheduler: fc.Scheduler;
  readonly #fates: readonly Fate[];
  readonly #complete = new Set<string>();
  readonly #pending: Promise<void>[] = [];
  readonly #hints = new Set<() => void>();
  /** The oldest write that a reading may still find. */
  #horizon = 0;
  #calls = 0;
  #ticks = 0;

  constructor(scheduler: fc.Scheduler, fates: readonly Fate[]) {
    this.#scheduler = scheduler;
    this.#fates = fates;
    // Called by the store in the very turn in which it takes a write.
    this.pointers.watch('home', () => this.#took());
  }

  /** A moment of the clock that histories go by. */
  tick(): number {
    return (this.#ticks += 1);
  }

  /** Waits until the scheduler lets this call take place; at once while all is calm. */
  async turn(label: string): Promise<void> {
    if (!this.isCalm) await this.#scheduler.schedule(Promise.resolve(), label);
  }

  nextFate(): Fate {
    if (this.isCalm) return 'answers';
    return this.#fates[this.#calls++ % this.#fates.length] ?? 'answers';
  }

  /** The write that a reading finds: the last one, or as stale as replicas may still be. */
  readable(fate: Fate): number {
    const last = this.log.length - 1;
    return fate === 'stale' ? Math.max(this.#horizon, last - 1 - (this.#calls % 3)) : last;
  }

  /** Tells `onHint` of writes, each time as often as fate will have it. */
  onWrite(onHint: () => void): () => void {
    const hint = () => {
      const fate = this.nextFate();
      if (fate === 'hint-lost') return;
      for (let time = fate === 'hint-twice' ? 2 : 1; time > 0; time -= 1) {
        void this.turn('hint').then(() => this.#hints.has(hint) && onHint());
      }
    };
    this.#hints.add(hint);
    return () => this.#hints.delete(hint);
  }

  /** The grace of a pruning: what was under way has ended, every server has polled, and no replica is older. */
  async graceIsOver(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.settle()));
    this.#horizon = this.log.length - 1;
  }

  fault(what: string): void {
    this.violations.push(what);
  }

  /** Looks at a table at this moment: sealed, and holding all that its version holds. */
  expectComplete(table: string, version: string, why: string): void {
    this.#pending.push(this.#expectComplete(table, version, why));
  }

  /** Ends when every look at a table has. */
  async looked(): Promise<void> {
    await Promise.all(this.#pending);
  }

  #took(): void {
    const { landing } = this;
    if (landing === undefined) throw new Error('a pointer was written by nobody');
    const { pointer, expected, command } = landing;
    const at = this.log.length;
    const basis = expected === null ? -1 : this.log.findIndex(({ token }) => token === expected);
    command.landed += 1;
    const before = this.log.at(-1)?.pointer;
    this.violations.push(...faultsOf(at, before, { pointer, basis, command }));
    this.log.push({ pointer, content: Buffer.from(encodePointer(pointer)), token: undefined });
    const now = this.tick();
    this.history.activated({ epoch: pointer.epoch, version: pointer.version, begunAt: now, doneAt: now });
    this.expectComplete(pointer.table, pointer.version, `live by epoch ${pointer.epoch}`);
    for (const hint of this.#hints) hint();
  }

  async #expectComplete(table: string, version: string, why: string): Promise<void> {
    const batch = this.batches.get(version);
    const seal = await this.tables.readSeal(table, never).catch(() => null);
    if (batch === undefined || seal?.version !== version || seal.contentHash !== batch.contentHash) {
      this.fault(`table ${table} is ${why} and not sealed as ${version}`);
      return;
    }
    // What is sealed is never written to again.
    if (this.#complete.has(table)) return;
    this.#complete.add(table);
    const userIds = batch.predictions.map(({ userId }) => userId);
    const stored = await this.tables.readBack(table, userIds, never);
    const wrong = batch.predictions.find(({ userId, items }) => stored.get(userId) !== items);
    if (wrong !== undefined) this.fault(`table ${table} is ${why} and not complete: ${wrong.userId}`);
  }

  #holds(version: string, userId: string, source: string, epoch: number): readonly string[] | undefined {
    const batch = this.batches.get(version);
    const pointer = this.log.find((each) => each.pointer.epoch === epoch)?.pointer;
    const whole = source === 'popular' ? batch?.popular : batch?.of(userId);
    if (whole === undefined || pointer === undefined) return undefined;
    const productIds = whole.map(([productId]) => productId);
    return productIds.filter((productId) => !pointer.blocked.includes(productId)).slice(0, 5);
  }
}
