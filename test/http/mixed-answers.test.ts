import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { answersOf, bodyOf, buildTestApi } from '../support/build-test-api.ts';
import { recordFigure } from '../support/figures.ts';
import { poll } from '../support/serving.ts';
import {
  list,
  point,
  pointerTo,
  sealedTable,
  storeVersion,
  type VersionContent,
} from '../support/versions.ts';

/** Responses in all; `TOPSHELF_TEST_RESPONSES=1000000` for the whole proof. */
const RESPONSES = Number(process.env.TOPSHELF_TEST_RESPONSES ?? 5_000);
const RESPONSES_PER_SWAP = 1_000;
/** One response in so many answers a batch of users, the others one user each. */
const BATCH_EVERY = 50;
const USERS_PER_BATCH = 100;
const VERSIONS = [1, 2, 3, 4];
const TITLE =
  'every response, of one user or of a hundred, comes from one version, while versions swap under it';

const users = Array.from({ length: 120 }, (_, at) => `u${at}`);
const strangers = ['nobody', 'somebody'];

/** Every product tells which version, and whose prediction, it comes from. */
function contentOf(number: number): VersionContent {
  const of = (whose: string) => list(...[1, 2, 3, 4, 5, 6].map((place) => `v${number}-${whose}-${place}`));
  return {
    number,
    users: Object.fromEntries(users.map((userId) => [userId, of(userId)])),
    popular: of('popular'),
  };
}

const contents = VERSIONS.map(contentOf);
const numbers = new Map(contents.map((content) => [sealedTable(content).seal.version, content.number]));

interface Body {
  readonly userId: string;
  readonly version: string;
  readonly source: string;
  readonly recommendations: readonly { productId: string }[];
}

/** Whether an answer is, product by product, what the version that it names holds for its user. */
function isWhole({ userId, version, source, recommendations }: Body): boolean {
  const whose = source === 'popular' ? 'popular' : userId;
  const should = [1, 2, 3, 4, 5].map((place) => `v${numbers.get(version)}-${whose}-${place}`);
  return recommendations.map(({ productId }) => productId).join() === should.join();
}

it(TITLE, { timeout: 3_600_000 }, async () => {
  const test = await buildTestApi({ config: { placements: ['home'] }, maxRequestsInFlight: 10_000 });
  // Reads take their time, so that swaps come between a request and its answer.
  test.store.faults.beforeRead = async () => {
    for (let turns = Math.floor(Math.random() * 4); turns > 0; turns -= 1) await nextTurn();
  };
  for (const content of contents) await storeVersion(test.store, content);
  const swapTo = (epoch: number) => {
    point(test.pointers, pointerTo(sealedTable(contents[epoch % VERSIONS.length]!), epoch));
    return poll(test);
  };
  await swapTo(1);

  const seen = { mixed: 0, answers: 0, popular: 0, swaps: 0 };
  const versionsIn = new Set<string>();
  const look = (bodies: readonly Body[]) => {
    const versions = new Set(bodies.map(({ version }) => version));
    if (versions.size !== 1 || !bodies.every(isWhole)) seen.mixed += 1;
    for (const version of versions) versionsIn.add(version);
    seen.answers += bodies.length;
    seen.popular += bodies.filter(({ source }) => source === 'popular').length;
  };
  const asked = [...users, ...strangers];
  let next = 0;
  const respond = async (at: number) => {
    if (at % BATCH_EVERY !== 0) {
      next += 7;
      look([bodyOf(await test.get(`/recommendations/${asked[next % asked.length]}`))]);
      return;
    }
    const from = at % (asked.length - USERS_PER_BATCH);
    look(answersOf(await test.post({ userIds: asked.slice(from, from + USERS_PER_BATCH) })));
  };

  for (let begun = 0; begun < RESPONSES; seen.swaps += 1) {
    const count = Math.min(RESPONSES_PER_SWAP, RESPONSES - begun);
    const responses = Array.from({ length: count / 2 }, (_, at) => respond(begun + at));
    const swapped = swapTo(seen.swaps + 2);
    // The other half comes while the version is read, warmed up and adopted.
    for (let at = count / 2; at < count; at += 1) {
      if (at % 50 === 0) await nextTurn();
      responses.push(respond(begun + at));
    }
    await Promise.all([swapped, ...responses]);
    begun += count;
    test.ended.length = 0;
  }

  expect(seen.mixed).toBe(0);
  expect([...versionsIn].sort()).toEqual([...numbers.keys()].sort());
  expect(seen.popular).toBeGreaterThan(RESPONSES / 100);
  expect(test.seen.adoptions).toHaveLength(seen.swaps + 1);
  recordFigure(1, {
    test: TITLE,
    tried: RESPONSES,
    result: `0 mixed responses, ${seen.swaps} swaps, ${seen.answers} answers`,
  });
});
