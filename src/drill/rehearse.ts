import { pause } from '../resilience/deadline.ts';
import { askEach, startCallers, type Told } from './callers.ts';
import { lookAt, type DrilledServer, type Sight, type StartServer } from './drilled-server.ts';
import type { Baseline, Observed } from './observed.ts';
import type { PointerStandIn } from './pointer-stand-in.ts';
import type { Limits, Rehearsal } from './rehearsals.ts';
import type { StoreProxy } from './store-proxy.ts';

/** What every rehearsal of a drill works with. */
export interface Stage {
  readonly start: StartServer;
  readonly store: StoreProxy;
  readonly pointer: PointerStandIn;
  readonly placement: string;
  readonly baseline: Baseline;
  readonly limits: Limits;
  /** Seconds that a fault stands. */
  readonly seconds: number;
  /** Requests a second. */
  readonly rate: number;
  /** Longest wait for answers to be personalized again. */
  readonly recoveryLimitSeconds: number;
}

/** So many are asked for before the fault, so that the server has something to be stale with. */
const MOST_KNOWN = 100;
/** The servers of a drill are started with this age, at which an answer is read again. */
export const CACHE_MAX_AGE_SECONDS = 1;
const LOOK_MS = 100;
// A fault of the pointer is met at the next poll, or at the one after where the first was cut short.
const POLLS_TO_MEET = 3;
const LEAST_TO_MEET_MS = 5_000;

/** Goes through one rehearsal with a server of its own. Rejects with the signal's reason, and as starting a server does. */
export async function rehearse(rehearsal: Rehearsal, stage: Stage, signal: AbortSignal): Promise<Observed> {
  const { store, pointer, placement, baseline, limits, rate } = stage;
  const users = [...baseline.products.keys()];
  const server = await stage.start();
  const told: Told[] = [];
  try {
    // Half of the users were here before; of the others, and of none twice, the cache knows nothing.
    const known = users.filter((_, index) => index % 2 === 0).slice(0, MOST_KNOWN);
    await askEach({ api: server.api, placement, users: known });
    await wait(CACHE_MAX_AGE_SECONDS * 1000, signal);
    const before = await lookAt(server, placement);
    const metBefore = store.faultsMet();
    const isMet = ({ pointerTroubles }: Sight) =>
      rehearsal.fault.of === 'store'
        ? store.faultsMet() > metBefore
        : pointerTroubles > before.pointerTroubles;

    const callers = startCallers({
      api: server.api,
      placement,
      users,
      rate,
      onTold: (each) => told.push(each),
    });
    try {
      await begin(rehearsal, stage);
      const from = performance.now();
      await wait(stage.seconds * 1000, signal);
      const sight = await untilMet(server, stage, isMet, signal);
      const to = performance.now();
      // It stands until everybody who asked by then should have an answer: who still waits at its end is seen to be late.
      await wait(limits.requestDeadlineMs, signal);
      // Not among what callers saw: on a small machine its start alone would be what they felt.
      const secondServer = isAway(rehearsal) ? await startSecond(stage, users) : undefined;
      await end(stage);
      const endedAt = performance.now();
      const recoverySeconds = await recovery(told, endedAt, stage, signal);
      await callers.stop();
      const during = told.filter(({ askedAt }) => askedAt >= from && askedAt < to);
      return { during, isMet: isMet(sight), sight, recoverySeconds, secondServer };
    } finally {
      await callers.stop();
    }
  } finally {
    store.fault = undefined;
    await pointer.befall(undefined);
    await server.stop();
  }
}

function isAway({ fault }: Rehearsal): boolean {
  return fault.of === 'pointer' && fault.fault === 'away';
}

async function begin({ fault }: Rehearsal, { store, pointer, limits }: Stage): Promise<void> {
  if (fault.of === 'store') store.fault = fault.fault(limits);
  else await pointer.befall(fault.fault);
}

async function end({ store, pointer }: Stage): Promise<void> {
  store.fault = undefined;
  await pointer.befall(undefined);
}

/** Resolves with what the server says once it has met the fault, or when it should have. */
async function untilMet(
  server: DrilledServer,
  { placement, limits }: Stage,
  isMet: (sight: Sight) => boolean,
  signal: AbortSignal,
): Promise<Sight> {
  const giveUpAt = performance.now() + LEAST_TO_MEET_MS + POLLS_TO_MEET * limits.pointerPollMs;
  for (;;) {
    const sight = await lookAt(server, placement);
    if (isMet(sight) || performance.now() > giveUpAt) return sight;
    await wait(LOOK_MS, signal);
  }
}

/** Starts a server that has nothing but what the first one saved; resolves with what is wrong with its answers. */
async function startSecond(stage: Stage, users: readonly string[]): Promise<string | undefined> {
  const { placement, baseline } = stage;
  try {
    const second = await stage.start();
    try {
      const answers = await askEach({ api: second.api, placement, users: users.slice(0, MOST_KNOWN) });
      const wrong = answers.filter(
        ({ source, version }) => source !== 'personalized' || version !== baseline.version,
      );
      const [first] = wrong;
      return (
        first &&
        `a server that started meanwhile answered ${wrong.length} of ${answers.length} users otherwise; the first: ` +
          (first.problem ?? `${first.source} of version ${first.version}`)
      );
    } finally {
      await second.stop();
    }
  } catch (error) {
    return `a server that started meanwhile did not serve: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Seconds until the last answer that was not personalized, once enough others in a row have followed it. */
async function recovery(
  told: readonly Told[],
  endedAt: number,
  { baseline, rate, recoveryLimitSeconds }: Stage,
  signal: AbortSignal,
): Promise<number | undefined> {
  const enough = Math.min(baseline.products.size, 2 * rate);
  const giveUpAt = endedAt + recoveryLimitSeconds * 1000;
  for (;;) {
    const after = told.filter(({ askedAt }) => askedAt >= endedAt);
    const last = after.findLastIndex(({ source }) => source !== 'personalized');
    const lastBad = after[last];
    if (after.length - 1 - last >= enough)
      return lastBad === undefined ? 0 : (lastBad.askedAt + lastBad.ms - endedAt) / 1000;
    if (performance.now() > giveUpAt) return undefined;
    await wait(LOOK_MS, signal);
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, signal);
  signal.throwIfAborted();
}
