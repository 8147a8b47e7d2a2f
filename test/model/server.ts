import { StoreError, TableMissingError, UnreachableError } from '../../src/domain/errors.ts';
import type { PointerSource } from '../../src/pointer/pointer-source.ts';
import type { ReplicaStatus } from '../../src/publishing/replicas.ts';
import { observeAll, type Adoption } from '../../src/serving/observer.ts';
import type { SavedPointers } from '../../src/serving/saved-pointers.ts';
import { createServing, type Serving } from '../../src/serving/serving.ts';
import type { PredictionReader } from '../../src/store/prediction-reader.ts';
import { payloadOf } from '../support/history.ts';
import {
  answerOf,
  createMemorySavedPointers,
  products,
  told,
  wishOf,
  type Told,
} from '../support/serving.ts';
import type { World } from './world.ts';

/** What a process that was killed still waits for. */
const nothingMore = new Promise<never>(() => undefined);

const CONFIG = {
  placements: ['home'],
  pointerPollMs: 60_000, // the model polls itself
  allowUnsealed: false,
  requestDeadlineMs: 60_000,
  readTimeoutMs: 60_000,
  maxReadsInFlight: 2,
  maxUsersPerRead: 100,
  extraReadsShare: 0.1,
  cacheBytes: 1024 * 1024,
  cacheMaxAgeMs: 1000,
  unknownMaxAgeMs: 1000,
  warmUpUsers: 10,
  warmUpMs: 60_000,
};

/** One process of a server. */
interface Process {
  readonly name: string;
  readonly serving: Serving;
  isKilled: boolean;
  /** Resolves when it is killed. */
  readonly end: PromiseWithResolvers<void>;
  /** True while it serves a pointer that was saved, whose table may be gone: nobody could ask a server that was down. */
  servesSaved: boolean;
  epoch: number;
}

/** Ends as `work` does, or with the process: nobody waits for what a killed one was about to do. */
function untilKilled(process: Process, work: Promise<void>): Promise<void> {
  return Promise.race([work, process.end.promise]);
}

/** A server over the world's adapters, with the disk that outlives its processes. */
export class ModelServer {
  readonly name: string;
  readonly #world: World;
  readonly #disk: SavedPointers = createMemorySavedPointers();
  #savedEpoch = 0;
  #process: Process | undefined;
  #starting: Promise<void> = Promise.resolve();
  #isCutOff = false;
  readonly #asked = new Set<Promise<unknown>>();
  readonly #processes: Process[] = [];

  constructor(name: string, world: World) {
    this.name = name;
    this.#world = world;
  }

  start(): Promise<void> {
    const process = this.#open();
    this.#process = process;
    this.#processes.push(process);
    this.#starting = untilKilled(process, process.serving.placements.start());
    return this.#starting;
  }

  /** Ends the process as SIGTERM does, and starts another one. */
  async restart(): Promise<void> {
    const before = this.#process;
    this.#process = undefined;
    if (before === undefined) return;
    await before.serving.close();
    await this.start();
  }

  /** Ends the process as SIGKILL does: whatever it was about to do does not happen. */
  async kill(): Promise<void> {
    // Between two processes there is none to kill.
    if (this.#process === undefined) return;
    this.#process.isKilled = true;
    this.#process.end.resolve();
    await this.start();
  }

  /** Whether its pointer store does not answer it, as nobody else may notice. */
  cutOff(isCutOff: boolean): void {
    this.#isCutOff = isCutOff;
  }

  async poll(): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    for (const { watcher } of process.serving.placements.all()) await untilKilled(process, watcher.poll());
  }

  /** Resolves when a start, a reading of the pointer and the answers under way have ended. */
  async settle(): Promise<void> {
    await this.#starting;
    await Promise.all([this.poll(), ...this.#asked]);
  }

  status(): ReplicaStatus['placements'] {
    const found = this.#process?.serving.placements.lookUp('home');
    const pointer = found?.kind === 'live' ? found.live.pointer : undefined;
    const { epoch = null, version = null, table = null } = pointer ?? {};
    return [{ placement: 'home', epoch, version, table }];
  }

  /** The table that is served from now; undefined where none is, or where a pointer is served that was saved. */
  get tableInUse(): string | undefined {
    const [{ table } = {}] = this.status();
    return this.#process?.servesSaved === true ? undefined : (table ?? undefined);
  }

  /** Asks for users at once, as a POST does; a GET where there is one. */
  async ask(userIds: readonly string[]): Promise<void> {
    const process = this.#process;
    const found = process?.serving.placements.lookUp('home');
    if (process === undefined || found?.kind !== 'live') return;
    const { live } = found;
    const { epoch } = live.pointer;
    const askedAt = this.#world.tick();
    const { service } = process.serving;
    const [first = ''] = userIds;
    const answers =
      userIds.length === 1
        ? answerOf(service, live, first, wishOf({})).then((answer) => [answer])
        : service.answerMany(live, [...userIds], wishOf({}));
    const heard = untilKilled(
      process,
      answers.then((all) => all.forEach((each) => this.#hear(process.name, told(each), epoch, askedAt))),
    );
    this.#asked.add(heard);
    await heard.finally(() => this.#asked.delete(heard));
  }

  /** Ends every process, for good. */
  async close(): Promise<void> {
    for (const { serving, isKilled } of this.#processes) {
      const closed = serving.close();
      // What a killed process waits for never comes.
      if (!isKilled) await closed;
    }
  }

  #hear(server: string, answer: Told, epoch: number, askedAt: number): void {
    const { userId, version, source } = answer;
    const payload = payloadOf(products(answer));
    const when = { askedAt, answeredAt: this.#world.tick() };
    this.#world.history.answered({ server, version, epoch, userId, source, payload, ...when });
  }

  #open(): Process {
    const world = this.#world;
    const observer = observeAll({ adopted: (adoption) => this.#adopted(process, adoption) });
    const serving = createServing({
      config: CONFIG,
      source: this.#source(() => process.isKilled),
      reader: this.#reader(() => process),
      saved: this.#saved(() => process.isKilled),
      bootstrap: new Map(),
      observer,
      shedder: { admit: () => true, shedShare: () => 0, close: () => undefined },
      now: () => world.serverTime,
      atTurnEnd: (work) => void world.turn('turn of the loop').then(work),
    });
    const name = `${this.name}, process ${this.#processes.length + 1}`;
    const process: Process = {
      name,
      serving,
      isKilled: false,
      end: Promise.withResolvers(),
      servesSaved: false,
      epoch: 0,
    };
    return process;
  }

  #adopted(process: Process, { epoch, version, table, from }: Adoption): void {
    const world = this.#world;
    if (process.isKilled) return;
    if (epoch <= process.epoch) world.fault(`${process.name} went from epoch ${process.epoch} to ${epoch}`);
    if (epoch < this.#savedEpoch)
      world.fault(`${this.name} had saved epoch ${this.#savedEpoch} and took ${epoch}`);
    process.epoch = epoch;
    process.servesSaved = from === 'saved';
    const now = world.tick();
    world.history.seen({ server: process.name, version, epoch, askedAt: now, answeredAt: now });
    if (from === 'pointer') world.expectComplete(table, version, `adopted by ${this.name}`);
  }

  #source(isKilled: () => boolean): PointerSource {
    const world = this.#world;
    const isCutOff = () => this.#isCutOff;
    return {
      async read(_placement, _signal, unlessToken) {
        const fate = world.nextFate();
        await world.turn('server reads pointer');
        const at = world.readable(fate);
        await world.turn('server gets pointer');
        if (isKilled()) return nothingMore;
        if (fate === 'fails' || isCutOff()) throw new UnreachableError('away');
        const entry = world.log[at];
        if (entry === undefined) return { kind: 'absent' };
        const token = `write-${at}`;
        return token === unlessToken
          ? { kind: 'unchanged' }
          : { kind: 'found', content: entry.content, token };
      },
      listPlacements: async () => ['home'],
      watch: (_placement, onHint) => world.onWrite(() => !isKilled() && onHint()),
      close: async () => undefined,
    };
  }

  #reader(process: () => Process): PredictionReader {
    const world = this.#world;
    const turn = async (what: string): Promise<void> => {
      const fate = world.nextFate();
      await world.turn(what);
      if (process().isKilled) return nothingMore;
      if (fate === 'fails') throw new StoreError('away');
    };
    return {
      read: async (table, userIds, signal) => {
        await turn('server reads users');
        return world.tables.read(table, userIds, signal).catch((error: unknown) => {
          if (error instanceof TableMissingError && !process().servesSaved)
            world.fault(`${this.name} read from ${table}: ${String(error)}`);
          throw error;
        });
      },
      readSeal: async (table, signal) => {
        await turn('server reads seal');
        return world.tables.readSeal(table, signal);
      },
      close: () => undefined,
    };
  }

  #saved(isKilled: () => boolean): SavedPointers {
    const disk = this.#disk;
    return {
      ...disk,
      save: async (pointer) => {
        const fate = this.#world.nextFate();
        await this.#world.turn('server saves pointer');
        if (isKilled()) return nothingMore;
        if (fate === 'fails') throw new Error('no space left on device');
        await disk.save(pointer);
        this.#savedEpoch = Math.max(this.#savedEpoch, pointer.epoch);
      },
    };
  }
}
