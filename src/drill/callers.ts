import { reasonOf } from './drilled-server.ts';
import { startStallClock, type StallClock } from './stall-clock.ts';

/** What a caller got for one request. */
export interface Told {
  readonly userId: string;
  /** When it was asked for, in milliseconds of `performance.now()`. */
  readonly askedAt: number;
  /** Until its answer, without the time in which the caller itself stood still. */
  readonly ms: number;
  /** Undefined where no answer came. */
  readonly status: number | undefined;
  readonly source: string;
  readonly reason: string | undefined;
  readonly version: string;
  readonly products: readonly string[];
  /** Why there was no answer, or what an error said. */
  readonly problem: string | undefined;
}

export interface Callers {
  /** Sends no more; resolves when everybody has an answer. */
  stop(): Promise<void>;
}

export interface CallersOptions {
  /** URL of the API. */
  readonly api: string;
  readonly placement: string;
  /** Asked for in turn, again and again. */
  readonly users: readonly string[];
  /** Requests a second, evenly spread, whatever becomes of those before. */
  readonly rate: number;
  readonly onTold: (told: Told) => void;
}

// Whoever waits longer has no answer: far beyond any deadline that can be configured.
const GIVE_UP_MS = 30_000;

/** Starts callers that ask at a steady rate. */
export function startCallers({ api, placement, users, rate, onTold }: CallersOptions): Callers {
  const clock = startStallClock();
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  let asked = 0;
  let timer = setTimeout(send);

  function send(): void {
    // Those that have become due; after a stall of this process they leave together.
    while (startedAt + (asked * 1000) / rate <= performance.now()) {
      const userId = users[asked % users.length] ?? '';
      asked += 1;
      const request = ask(api, placement, userId, clock)
        .then(onTold)
        .finally(() => underWay.delete(request));
      underWay.add(request);
    }
    timer = setTimeout(send, Math.max(0, startedAt + (asked * 1000) / rate - performance.now()));
  }

  return {
    async stop() {
      clearTimeout(timer);
      await Promise.all(underWay);
      clock.stop();
    },
  };
}

/** Asks for each user once, some at a time. */
export async function askEach(options: Omit<CallersOptions, 'rate' | 'onTold'>): Promise<Told[]> {
  const { api, placement, users } = options;
  const clock = startStallClock();
  const told: Told[] = [];
  const left = users.values();
  const caller = async () => {
    for (const userId of left) told.push(await ask(api, placement, userId, clock));
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, caller));
  clock.stop();
  return told;
}

const AT_A_TIME = 4;

interface Body {
  readonly source?: string;
  readonly reason?: string;
  readonly version?: string;
  readonly detail?: string;
  readonly recommendations?: readonly { readonly productId: string }[];
}

/** Never rejects. */
async function ask(api: string, placement: string, userId: string, clock: StallClock): Promise<Told> {
  const url = `${api}/recommendations/${encodeURIComponent(userId)}?placement=${placement}`;
  const stalled = clock.stalledMs();
  const askedAt = performance.now();
  let status: number | undefined;
  let body: Body = {};
  let problem: string | undefined;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(GIVE_UP_MS) });
    body = (await response.json()) as Body;
    status = response.status;
    if (status !== 200) problem = `${status} ${body.detail ?? ''}`.trim();
  } catch (error) {
    problem = reasonOf(error);
  }
  const waited = performance.now() - askedAt;
  await clock.nextLook();
  const ms = Math.max(0, waited - (clock.stalledMs() - stalled));
  const { source = '', reason, version = '', recommendations = [] } = body;
  const products = recommendations.map(({ productId }) => productId);
  return { userId, askedAt, ms, status, source, reason, version, products, problem };
}
