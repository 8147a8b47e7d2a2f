import { tmpdir } from 'node:os';
import { TopshelfError, UnreachableError } from '../../src/domain/errors.ts';
import { parseTableName } from '../../src/domain/version.ts';
import { DEFAULT_THRESHOLDS } from '../../src/gate/thresholds.ts';
import { writeReport } from '../../src/publishing/check/report.ts';
import type { PublisherContext } from '../../src/publishing/context.ts';
import type { Batch } from './batches.ts';
import type { Command } from './rules.ts';
import { never, type Fate, type World } from './world.ts';

/** At which call of an adapter a process is killed, and whether the call has taken effect by then. */
export interface Crash {
  readonly call: number;
  readonly isDone: boolean;
}

/** Contents from this on are bad: the gate has not let them pass, and does not. */
export const FIRST_BAD = 100;

const PREFIX = 'test';
const nothingMore = new Promise<never>(() => undefined);

/** Publishing commands over a world's adapters, each in a process of its own. */
export class ModelPublishers {
  readonly #world: World;
  #time = Date.parse('2026-11-21T03:15:00Z');
  #commands = 0;
  readonly #underWay = new Set<Promise<void>>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Moves the publishers' clocks; each look at one is a second later than the one before. */
  advance(ms: number): void {
    this.#time += ms;
  }

  /** Resolves when every command that has begun has ended, or been killed. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /**
   * Runs a command in a process that may be killed at a call. Errors that a command may end with are results; after
   * those that promise that nothing was written, nothing may have been.
   */
  run(
    { kind, isBad = false, batch }: Command & { readonly batch?: Batch },
    crash: Crash | undefined,
    work: (context: PublisherContext) => Promise<unknown>,
  ): Promise<void> {
    const world = this.#world;
    const command = { kind, isBad, batch, landed: 0 };
    const killed = Promise.withResolvers<undefined>();
    const context = this.#open(command, crash, () => {
      world.seen.crashes += 1;
      killed.resolve(undefined);
    });
    const ended = work(context).then(
      () => undefined,
      (error: unknown) => {
        if (!(error instanceof TopshelfError)) {
          world.fault(`${kind} ended with ${error instanceof Error ? error.stack : String(error)}`);
          return;
        }
        if (error.code === 'lost-race') world.seen.lostRaces += 1;
        if (error.code === 'held') world.seen.held += 1;
        if (error.code === 'gate') world.seen.stopped += 1;
        if (!(error instanceof UnreachableError) && command.landed > 0 && kind !== 'prune') {
          world.fault(`${kind} was refused (${error.message}) and wrote all the same`);
        }
      },
    );
    const over = Promise.race([ended, killed.promise]).finally(() => this.#underWay.delete(over));
    this.#underWay.add(over);
    return over;
  }

  #open(command: Running, crash: Crash | undefined, onKilled: () => void): PublisherContext {
    const world = this.#world;
    const number = (this.#commands += 1);
    let calls = 0;
    let isKilled = false;
    const die = () => {
      isKilled = true;
      onKilled();
      return nothingMore;
    };
    /** A call of an adapter: it takes its turn, meets its fate, and may be the last thing that its process does. */
    const call = async <T>(name: string, work: (fate: Fate) => Promise<T>): Promise<T> => {
      const at = (calls += 1);
      const isLast = crash?.call === at;
      const fate = world.nextFate();
      await world.turn(`${command.kind} ${number}: ${name}`);
      if (isKilled) return nothingMore;
      if (isLast && !crash.isDone) return die();
      if (fate === 'fails') throw new UnreachableError(`${name}: away`);
      const outcome = work(fate);
      if (isLast) {
        outcome.catch(() => undefined);
        return die();
      }
      const result = await outcome;
      if (fate === 'reply-lost') throw new UnreachableError(`${name}: the reply was lost`);
      return result;
    };
    const throughCalls = <T extends object>(adapter: T, own: Partial<T>): T =>
      new Proxy(adapter, {
        get(target, name) {
          const member: unknown = Reflect.get(own, name) ?? Reflect.get(target, name);
          if (typeof member !== 'function') return member;
          return (...args: unknown[]) =>
            call(String(name), async () => (member as (...given: unknown[]) => unknown).apply(target, args));
        },
      });

    const { pointers, tables, archive } = world;
    let readings = 0;
    return {
      pointers: {
        ...pointers,
        read: async (placement, signal, unlessToken) => {
          readings += 1;
          // A pruning reads the pointer again when its grace is over.
          if (command.kind === 'prune' && readings === 2) await world.graceIsOver();
          return call('read', async (fate) => {
            const old = fate === 'stale' ? world.log[world.readable(fate)] : undefined;
            if (old?.token === undefined) return pointers.read(placement, signal, unlessToken);
            return { kind: 'found', content: old.content, token: old.token };
          });
        },
        write: (pointer, expected, signal) =>
          call('write', async (fate) => {
            if (fate === 'reply-lost') pointers.loseNextReply();
            world.landing = { pointer, expected, command };
            const written = pointers.write(pointer, expected, signal);
            world.landing = undefined;
            const entry = world.log.at(-1);
            const token = await written;
            if (entry?.pointer === pointer) entry.token = token;
            return token;
          }),
      },
      tables: throughCalls(tables, {
        create: async (table, signal, options) => {
          if (command.batch !== undefined) await this.#made(table, command.batch);
          await tables.create(table, signal, options);
        },
        seal: async (table, seal, signal) => {
          await tables.seal(table, seal, signal);
          world.expectComplete(table, seal.version, 'sealed');
        },
        delete: async (table, signal) => {
          const user = world.servers.find(({ tableInUse }) => tableInUse === table);
          if (user !== undefined) world.fault(`table ${table} was deleted while ${user.name} served it`);
          if (world.log.at(-1)?.pointer.table === table) world.fault(`table ${table} was deleted while live`);
          world.seen.prunedTables += 1;
          await tables.delete(table, signal);
        },
      }),
      archive: throughCalls(archive, {
        // The gate's verdicts are kept from the start; what it would measure is not needed.
        putFileOnce: (key, path, signal) => archive.putOnce(key, path, signal),
        getFile: async () => null,
      }),
      tablePrefix: PREFIX,
      memoryLimitBytes: 64 * 1024 * 1024,
      tempDir: tmpdir(),
      actor: `publisher ${number}`,
      now: () => (this.#time += 1000),
      close: async () => undefined,
    };
  }

  /** Knows a version from its table on, with the verdicts on it against all others: it is as good as its content. */
  async #made(table: string, batch: Batch): Promise<void> {
    const version = parseTableName(PREFIX, table)?.version;
    if (version === undefined || this.#world.batches.has(version)) return;
    const others = [...this.#world.batches];
    this.#world.batches.set(version, batch);
    await this.#pass({ version, batch }, null);
    for (const [other, its] of others) {
      await this.#pass({ version, batch }, { version: other, batch: its });
      await this.#pass({ version: other, batch: its }, { version, batch });
    }
  }

  async #pass(candidate: Known, live: Known | null): Promise<void> {
    if (candidate.batch.content >= FIRST_BAD) return;
    const named = ({ version, batch: { contentHash } }: Known) => ({ version, contentHash });
    const report = {
      schemaVersion: 1 as const,
      id: `${candidate.version}-against-${live?.version ?? 'nothing'}`,
      placement: 'home',
      at: '2026-11-21T00:00:00.000Z',
      by: 'model',
      candidate: named(candidate),
      live: live && { ...named(live), epoch: null },
      catalogue: null,
      thresholds: { ...DEFAULT_THRESHOLDS },
      measurements: {},
      passed: true,
      checks: [],
    };
    await writeReport(this.#world.archive, report, never);
  }
}

interface Running extends Command {
  readonly batch: Batch | undefined;
  landed: number;
}

interface Known {
  readonly version: string;
  readonly batch: Batch;
}
