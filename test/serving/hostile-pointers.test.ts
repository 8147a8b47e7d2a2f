import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { TableMissingError, type PointerRejection } from '../../src/domain/errors.ts';
import { encodePointer } from '../../src/pointer/codec.ts';
import { createMemoryPointers, type MemoryPointers } from '../../src/pointer/memory.ts';
import { decoderFor, signed } from '../../src/pointer/signature.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory.ts';
import { recordFigure } from '../support/figures.ts';
import { hostilePointers } from '../support/hostile-pointers.ts';
import { signingPair, type SigningPair } from '../support/signing-keys.ts';
import { ask, openServing, poll } from '../support/serving.ts';
import { list, pointerTo, sealedTable } from '../support/versions.ts';
import { collectGarbage } from '../support/collect-garbage.ts';

const GUARANTEE = 10;
/** For the record: a million, in some minutes. */
const TRIED = Number(process.env.TOPSHELF_TEST_HOSTILE_POINTERS ?? 20_000);
const SEED = 20261124;
/** What a server may hold more at the end than after the first tenth, in bytes, however many there are. */
const MAX_GROWTH = 8_000_000;
const RESTS_EVERY = 40_000;
/** Readings leave a timer of their own behind, for as long. */
const READ_TIMEOUT_MS = 2000;

const one = sealedTable({ number: 1, users: { anna: list('a1', 'b1') } });
const two = sealedTable({ number: 2, users: { anna: list('a2', 'b2') } });
const cart = sealedTable({ placement: 'cart', number: 2, users: {} });

/** The attacker's accomplice: any table at all exists, and has the seal of version 2, but for three kinds of names. */
const store: MemoryStore = {
  ...createMemoryStore(),
  readSeal: async (table) => {
    if (table.startsWith('missing-')) throw new TableMissingError(table);
    if (table.startsWith('unsealed-')) return null;
    if (table.startsWith('cart-')) return cart.seal;
    return table === one.table ? one.seal : two.seal;
  },
  read: async (_, userIds) => new Map(userIds.map((userId) => [userId, { kind: 'absent' }])),
};

/** A store whose content is always news. */
function createStage() {
  let content: Uint8Array = Buffer.alloc(0);
  let readings = 0;
  const pointers: MemoryPointers = {
    ...createMemoryPointers(),
    read: async () => ({ kind: 'found', content, token: String(++readings) }),
    listPlacements: async () => ['home'],
  };
  return { pointers, show: (next: Uint8Array) => void (content = next) };
}

async function heapInUse(): Promise<number> {
  await delay(READ_TIMEOUT_MS + 100);
  // What finalizers let go of is collected by the next rounds.
  for (let round = 0; round < 4; round++) {
    collectGarbage();
    await delay(50);
  }
  return process.memoryUsage().heapUsed;
}

/** Serves version 1 at epoch 5, then shows the server `count` hostile pointers, one a reading. */
async function attack(count: number, seed: number, pair?: SigningPair) {
  const stage = createStage();
  const tally = new Map<PointerRejection, number>();
  let last: PointerRejection | undefined;
  const server = openServing({
    pointers: stage.pointers,
    store,
    decode: decoderFor(pair?.keys),
    observer: {
      pointerRejected: (_, reason) => {
        last = reason;
        tally.set(reason, (tally.get(reason) ?? 0) + 1);
      },
    },
  });
  const served = signed(pointerTo(one, 5), pair?.signing);
  const bait = signed(pointerTo(two, 6), pair?.signing);
  stage.show(Buffer.from(encodePointer(served)));
  await server.serving.placements.start();
  const liveNow = () => {
    const found = server.serving.placements.lookUp('home');
    return found.kind === 'live' ? found.live : undefined;
  };
  const live = liveNow();
  expect(live?.pointer.version).toBe(one.seal.version);

  const kinds = new Set<string>();
  const pointers = hostilePointers({ seed, bait, served, ...(pair && { signing: pair.signing }) });
  let heapBefore = 0;
  for (let tried = 0; tried < count; tried++) {
    if (tried === Math.floor(count / 10)) heapBefore = await heapInUse();
    // A server reads a pointer every three seconds: without rests Node's finalizers fall behind, as they never would.
    else if (tried % RESTS_EVERY === 0) await heapInUse();
    const hostile = pointers.next().value;
    kinds.add(hostile.attack);
    stage.show(hostile.content);
    last = undefined;
    await poll(server);
    // No matcher here: a million of them would be most of the work.
    if (liveNow() !== live || last === undefined || !hostile.reasons.includes(last)) {
      const text = Buffer.from(hostile.content).toString().slice(0, 2000);
      throw new Error(`${hostile.attack} (seed ${seed}, ${tried}): ${last ?? 'adopted or unseen'}:\n${text}`);
    }
    server.seen.rejections.length = 0;
  }
  const growth = (await heapInUse()) - heapBefore;
  expect(server.seen.adoptions).toHaveLength(1);
  expect(await ask(server, 'anna')).toMatchObject({ version: one.seal.version });
  expect({}).not.toHaveProperty('epoch');

  // The bait itself is right: it is the attack that was refused, each time.
  stage.show(Buffer.from(encodePointer(bait)));
  await poll(server);
  expect(liveNow()?.pointer.version).toBe(two.seal.version);
  return { tally, growth, kinds: kinds.size };
}

it('a server adopts no hostile pointer, goes on as it was, and does not grow', async ({ task }) => {
  const half = Math.ceil(TRIED / 2);
  const plain = await attack(half, SEED);
  const signing = await attack(half, SEED + 1, signingPair());
  for (const { growth } of [plain, signing]) expect(growth).toBeLessThan(MAX_GROWTH);
  const reasons = new Set([...plain.tally.keys(), ...signing.tally.keys()]);
  expect([...reasons].sort()).toEqual(
    [
      ...[
        'bad-checksum',
        'bad-signature',
        'bad-table-name',
        'epoch-not-higher',
        'malformed',
        'seal-mismatch',
      ],
      ...['table-missing', 'too-large', 'unknown-schema', 'unsealed', 'unsigned', 'wrong-placement'],
    ].sort(),
  );
  recordFigure(GUARANTEE, {
    test: task.name,
    tried: 2 * half,
    result: `0 adopted of ${signing.kinds} kinds of attack`,
  });
}, 3_600_000);
