import { onTestFinished } from 'vitest';
import { createCapacity } from '../../load-tests/stub/delays.ts';
import { SEAL_KEY } from '../../src/domain/seal.ts';
import { createSignedReader } from '../../src/store/dynamodb-signed-reader.ts';
import { encodeSeal } from '../../src/store/seal-codec.ts';
import { ask, openServing, poll, type FixtureOptions, type ServingFixture, type Told } from './serving.ts';
import {
  predictionItem,
  startStubDynamoDb,
  throttled,
  type StubDynamoDb,
  type StubFault,
  type StubRequest,
} from './stub-dynamodb.ts';
import { point, pointerTo, sealedTable } from './versions.ts';

/** The serving half over real requests to a stub DynamoDB, with numbered users `u0`, `u1`, … */
export interface StubServing extends ServingFixture {
  readonly stub: StubDynamoDb;
  /** Makes another version live, with a cache that knows nobody: a rollback, which waits for no warm-up. */
  flush(): Promise<void>;
  /** Users that the stub was asked for since the start, each time it was. */
  keysAsked(): number;
}

const SOCKETS = 128;
const ITEMS = JSON.stringify(Array.from({ length: 20 }, (_, rank) => [`p${rank}`, 1 - rank / 20]));

/** Opens one whose first version is live. It closes with the test. */
export async function openStubServing(users: number, options: FixtureOptions = {}): Promise<StubServing> {
  const stub = await startStubDynamoDb();
  const reader = createSignedReader({ ...stub.connection, maxSockets: SOCKETS });
  const fixture = openServing({ ...options, reader });
  onTestFinished(async () => {
    reader.close();
    await stub.close();
  });
  const items = Array.from({ length: users }, (_, user) => predictionItem(`u${user}`, ITEMS));
  let epoch = 0;
  const show = (): void => {
    epoch += 1;
    const made = sealedTable({ number: epoch, users: {} });
    stub.put(made.table, { userId: { S: SEAL_KEY }, seal: { S: encodeSeal(made.seal) } }, ...items);
    const hold = { since: '2026-11-21T03:00:00.000Z', by: 'test', reason: 'test' };
    point(fixture.pointers, pointerTo(made, epoch, { hold }));
  };
  show();
  await fixture.serving.placements.start();
  return {
    ...fixture,
    stub,
    async flush() {
      show();
      await poll(fixture);
    },
    keysAsked: () =>
      stub.requests.flatMap(({ userIds }) => userIds).filter((userId) => userId !== SEAL_KEY).length,
  };
}

/** What a table does that reads so many users a second and throttles the others, as DynamoDB does it. */
export function atMost(keysPerSecond: number): (request: StubRequest) => StubFault | undefined {
  const take = createCapacity(keysPerSecond, () => performance.now());
  return ({ operation, userIds }) => {
    let left = take(userIds.length);
    if (left === 0) return throttled();
    return operation === 'GetItem' ? undefined : { kind: 'unprocessed', only: () => left-- <= 0 };
  };
}

/** Asks at a steady rate, whatever becomes of those before; resolves when all have their answer. */
export async function askAtRate(
  shop: ServingFixture,
  { perSecond, seconds, nextUser }: { perSecond: number; seconds: number; nextUser: () => string },
  onTold: (told: Told, atMs: number) => void = () => undefined,
): Promise<void> {
  const startedAt = performance.now();
  const underWay: Promise<void>[] = [];
  const total = perSecond * seconds;
  while (underWay.length < total) {
    const due = Math.min(total, ((performance.now() - startedAt) / 1000) * perSecond);
    while (underWay.length < due) {
      underWay.push(ask(shop, nextUser()).then((told) => onTold(told, performance.now() - startedAt)));
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(underWay);
}
