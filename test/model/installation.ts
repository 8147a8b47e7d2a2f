import type * as fc from 'fast-check';
import { UnreachableError } from '../../src/domain/errors.ts';
import { activate } from '../../src/publishing/activate.ts';
import { loadInput } from '../../src/publishing/load.ts';
import type { ReplicaDirectory } from '../../src/publishing/replicas.ts';
import { ASKED_USERS, batchOf, inputOf } from './batches.ts';
import { FIRST_BAD, ModelPublishers } from './publisher.ts';
import { ModelServer } from './server.ts';
import { never, World, type Fate } from './world.ts';

const SERVERS = 2;
const placement = 'home';

/**
 * Publishers and servers of one schedule. When it begins, four versions have been live, and one server has lost its
 * pointer store when the second was.
 */
export class Installation {
  readonly world: World;
  readonly publishers: ModelPublishers;
  readonly #background = new Set<Promise<unknown>>();

  private constructor(scheduler: fc.Scheduler, fates: readonly Fate[]) {
    this.world = new World(scheduler, fates);
    this.publishers = new ModelPublishers(this.world);
  }

  static async open(scheduler: fc.Scheduler, fates: readonly Fate[]): Promise<Installation> {
    const installation = new Installation(scheduler, fates);
    const { world, publishers } = installation;
    for (let at = 0; at < SERVERS; at += 1) world.servers.push(new ModelServer(`server ${at}`, world));
    const [behind, ...upToDate] = world.servers;
    for (const content of [0, 1, 2, 3]) {
      const batch = batchOf(content);
      await publishers.run({ kind: 'load', batch }, undefined, (context) => {
        const read = { input: inputOf(batch), startedAt: context.now() };
        return loadInput(context, { placement }, read, () => undefined, never);
      });
      const version = installation.versionAt(content);
      await publishers.run({ kind: 'activate' }, undefined, (context) =>
        activate(context, { placement, version, reason: 'first' }, never),
      );
      if (content !== 1) continue;
      await behind?.start();
      behind?.cutOff(true);
    }
    await Promise.all(upToDate.map((server) => server.start()));
    world.isCalm = false;
    return installation;
  }

  get servers(): readonly ModelServer[] {
    return this.world.servers;
  }

  /** The servers, as pruning asks them what they serve. */
  get replicas(): ReplicaDirectory {
    const { world } = this;
    return {
      name: 'model',
      list: async () => world.servers.map(({ name }) => name),
      async ask(name) {
        const fate = world.nextFate();
        await world.turn('a replica is asked');
        if (fate === 'fails') throw new UnreachableError('away');
        return { placements: world.servers.find((server) => server.name === name)?.status() ?? [] };
      },
    };
  }

  /** One of the versions whose tables have been made so far, complete or not. */
  versionAt(at: number): string {
    const versions = [...this.world.batches.keys()];
    return versions[at % versions.length] ?? '';
  }

  isBad(version: string): boolean {
    return (this.world.batches.get(version)?.content ?? 0) >= FIRST_BAD;
  }

  /** Takes note of what goes on beside the steps; nothing of it may reject. */
  background(work: Promise<unknown>): void {
    const noted = work
      .catch((error: unknown) => this.world.fault(`a step failed: ${String(error)}`))
      .finally(() => this.#background.delete(noted));
    this.#background.add(noted);
  }

  /** Resolves when all that has begun has ended. */
  async settle(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  /** From now on nothing fails and nothing is late: looks at where that leads, and ends everything. */
  async comeToRest(): Promise<void> {
    const { world } = this;
    world.isCalm = true;
    await this.settle();
    const last = world.log.at(-1)?.pointer;
    for (const server of this.servers) {
      server.cutOff(false);
      // The first look may join one that was under way; what it could not verify is tried again later.
      await server.poll();
      world.serverTime += 60_000;
      await server.poll();
      const [{ epoch, version } = { epoch: null, version: null }] = server.status();
      if (epoch !== last?.epoch || version !== last?.version) {
        world.fault(`${server.name} serves epoch ${epoch}, and the pointer has come to ${last?.epoch}`);
      }
      await server.ask(ASKED_USERS);
    }
    await world.looked();
    await Promise.all(this.servers.map((server) => server.close()));
  }
}
