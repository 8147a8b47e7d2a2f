import * as fc from 'fast-check';
import { activate } from '../../src/publishing/activate.ts';
import { block, unblock } from '../../src/publishing/block.ts';
import type { PublisherContext } from '../../src/publishing/context.ts';
import { loadInput } from '../../src/publishing/load.ts';
import { prune } from '../../src/publishing/prune.ts';
import { release } from '../../src/publishing/release.ts';
import { rollback } from '../../src/publishing/rollback.ts';
import { ASKED_USERS, batchOf, BLOCKABLE, inputOf } from './batches.ts';
import { FIRST_BAD, type Crash } from './publisher.ts';
import type { Command } from './rules.ts';
import type { Installation } from './installation.ts';
import { never } from './world.ts';

/** Steps are free: what may follow from them is not foretold but judged, by the rules, as it happens. */
type Step = fc.AsyncCommand<object, Installation>;

/** A step that begins something and does not wait for its end: what follows runs beside it. */
function begins(name: string, begin: (real: Installation) => Promise<unknown>): Step {
  return {
    check: () => true,
    run: async (_model, real) => {
      real.background(begin(real));
      await real.world.turn('the next step');
    },
    toString: () => name,
  };
}

const placement = 'home';
const reason = 'model';
const DAY_MS = 86_400_000;
/** More than any command has, so that some crashes never come. */
const MOST_CALLS = 24;

const crash: fc.Arbitrary<Crash | undefined> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc.record({ call: fc.integer({ min: 1, max: MOST_CALLS }), isDone: fc.boolean() }),
  },
);

function publishes<T>(
  input: fc.Arbitrary<T>,
  commandOf: (value: T, real: Installation) => Command & { batch?: ReturnType<typeof batchOf> },
  work: (context: PublisherContext, value: T, real: Installation) => Promise<unknown>,
): fc.Arbitrary<Step> {
  return fc.tuple(input, crash).map(([value, dies]) => {
    const end = dies === undefined ? '' : `, killed ${dies.isDone ? 'after' : 'before'} call ${dies.call}`;
    const command = (real: Installation) => commandOf(value, real);
    const name = `${work.name}(${JSON.stringify(value) ?? ''}${end})`;
    return begins(name, (real) =>
      real.publishers.run(command(real), dies, (context) => work(context, value, real)),
    );
  });
}

/** Loads under the name of their content, so that a second one goes on where a first was killed; some begin anew. */
const loads = publishes(
  fc.record({
    content: fc.oneof({ weight: 8, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.constant(FIRST_BAD) }),
    isNamed: fc.boolean(),
  }),
  ({ content }) => ({ kind: 'load', batch: batchOf(content) }),
  function load(context, { content, isNamed }) {
    const batch = { input: inputOf(batchOf(content)), startedAt: context.now() };
    const request = { placement, runId: isNamed ? `run-${content}` : undefined };
    return loadInput(context, request, batch, () => undefined, never);
  },
);

const activations = publishes(
  fc.nat(9),
  (at, real) => ({ kind: 'activate', isBad: real.isBad(real.versionAt(at)) }),
  function activateVersion(context, at, real) {
    return activate(context, { placement, version: real.versionAt(at), reason }, never);
  },
);

const nothing = fc.constant(undefined);

const rollbacks = publishes(
  nothing,
  () => ({ kind: 'rollback' }),
  function rollBack(context) {
    return rollback(context, { placement, reason }, never);
  },
);

const releases = publishes(
  nothing,
  () => ({ kind: 'release' }),
  function endHold(context) {
    return release(context, { placement, reason }, never);
  },
);

const products = fc.subarray(BLOCKABLE, { minLength: 1, maxLength: 3 });

const blocks = publishes(
  products,
  () => ({ kind: 'block' }),
  function blockProducts(context, productIds) {
    return block(context, { placement, productIds, reason }, never);
  },
);

const unblocks = publishes(
  products,
  () => ({ kind: 'unblock' }),
  function unblockProducts(context, productIds) {
    return unblock(context, { placement, productIds, reason }, never);
  },
);

const prunings = publishes(
  nothing,
  () => ({ kind: 'prune' }),
  function pruneTables(context, _, real) {
    const rules = { placement, keepVersions: 2, minAgeMs: 0, graceMs: 0, isConfirmed: true };
    return prune(context, { ...rules, replicas: real.replicas }, never);
  },
);

const server = fc.nat(1);
const ofServer = (name: string, work: (real: Installation, at: number) => Promise<unknown>) =>
  server.map((at) => begins(`${name}(${at})`, (real) => work(real, at)));

const asks = fc
  .tuple(
    server,
    fc.oneof(fc.constantFrom(...ASKED_USERS.map((userId) => [userId])), fc.constant(ASKED_USERS)),
  )
  .map(([at, userIds]) =>
    begins(`ask(${at}, ${userIds.join()})`, async (real) => real.servers[at]?.ask(userIds)),
  );

const passes = (name: string, pass: (real: Installation) => void) =>
  fc.constant(begins(name, async (real) => pass(real)));

/** Everything that people, schedulers, shoppers, networks and machines do, as often as makes long histories. */
export const STEPS: fc.Arbitrary<Step>[] = [
  ...Array.from({ length: 4 }, () => loads),
  ...Array.from({ length: 5 }, () => activations),
  ...Array.from({ length: 2 }, () => rollbacks),
  ...Array.from({ length: 2 }, () => releases),
  blocks,
  unblocks,
  ...Array.from({ length: 2 }, () => prunings),
  ...Array.from({ length: 4 }, () => ofServer('poll', async (real, at) => real.servers[at]?.poll())),
  ...Array.from({ length: 4 }, () => asks),
  ofServer('restart', async (real, at) => real.servers[at]?.restart()),
  ofServer('kill', async (real, at) => real.servers[at]?.kill()),
  ofServer('loses its pointer store', async (real, at) => real.servers[at]?.cutOff(true)),
  ofServer('finds its pointer store', async (real, at) => real.servers[at]?.cutOff(false)),
  passes('caches age', (real) => void (real.world.serverTime += 1000)),
  passes('a minute passes', (real) => void (real.world.serverTime += 60_000)),
  passes('a day passes', (real) => real.publishers.advance(2 * DAY_MS)),
  ...Array.from({ length: 5 }, () =>
    fc.constant<Step>({
      check: () => true,
      run: (_model, real) => real.settle(),
      toString: () => 'settle',
    }),
  ),
];
