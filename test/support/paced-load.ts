import { createRandom } from '../../load-tests/draw.ts';

/** What a version must answer: the users' products, best first, and those for everybody else. */
export interface Golden {
  readonly users: ReadonlyMap<string, readonly string[]>;
  readonly popular: readonly string[];
}

/** One user's answer; a request for many users brings one for each. */
export interface Answered {
  readonly userId: string;
  /** When the request left, in milliseconds of `performance.now()`. */
  readonly sentAt: number;
  readonly ms: number;
  /** 0: there was no answer. */
  readonly status: number;
  readonly source: string;
  readonly reason: string;
  readonly version: string;
  /** What is wrong with it, if anything is. */
  readonly wrong?: string;
}

/** Carries a request to a server. Resolves with status 0, and what went wrong, where no answer came. */
export type Send = (method: string, path: string, body?: string) => Promise<{ status: number; text: string }>;

export interface PacedLoadOptions {
  readonly send: Send;
  /** By version; an answer of any other version is wrong. */
  readonly goldens: ReadonlyMap<string, Golden>;
  readonly users: readonly string[];
  /** Requests for one user; they leave when they are due, whatever became of those before. */
  readonly perSecond: number;
  /** Requests for 20 users at once, beside those. Default 0. */
  readonly manyPerSecond?: number;
  readonly seed: number;
}

export interface PacedLoad {
  /** Every answer so far, in the order they came. */
  readonly answers: readonly Answered[];
  inFlight(): number;
  /** Sends no more, and resolves when all that was sent has ended. */
  stop(): Promise<void>;
}

interface Body {
  readonly userId: string;
  readonly version: string;
  readonly source: string;
  readonly reason?: string;
  readonly recommendations: readonly { productId: string }[];
}

const TICK_MS = 5;
const TOGETHER = 20;
const UNKNOWN_SHARE = 0.05;
const SHOWN = 5;
const REASONS: Readonly<Record<string, readonly string[]>> = {
  personalized: [''],
  stale: ['store-timeout', 'store-throttled', 'store-error', 'breaker-open', 'overloaded'],
  popular: ['unknown-user', 'store-timeout', 'store-throttled', 'store-error', 'breaker-open', 'overloaded'],
};

/** Steady load, each answer held against what its version must say. */
export function startPacedLoad(options: PacedLoadOptions): PacedLoad {
  const { send, goldens, users, perSecond, manyPerSecond = 0, seed } = options;
  const random = createRandom(seed);
  const answers: Answered[] = [];
  const underWay = new Set<Promise<void>>();

  const anyUser = () =>
    random() < UNKNOWN_SHARE
      ? `nobody-${Math.floor(random() * 1e6)}`
      : (users[Math.floor(random() * users.length)] ?? '');

  async function askOne(): Promise<void> {
    const userId = anyUser();
    await exchange([userId], 'GET', `/recommendations/${userId}`);
  }

  async function askMany(): Promise<void> {
    const userIds = Array.from({ length: TOGETHER }, anyUser);
    await exchange(userIds, 'POST', '/recommendations', JSON.stringify({ userIds }));
  }

  async function exchange(userIds: readonly string[], method: string, path: string, body?: string) {
    const sentAt = performance.now();
    const { status, text } = await send(method, path, body);
    const ms = performance.now() - sentAt;
    const told = status === 200 ? (JSON.parse(text) as Body | { answers: Body[] }) : undefined;
    const all = told === undefined ? [] : 'answers' in told ? told.answers : [told];
    userIds.forEach((userId, index) => {
      answers.push({ sentAt, ms, status, ...judge(userId, status, text, all[index], goldens) });
    });
  }

  const startedAt = performance.now();
  let ones = 0;
  let manies = 0;
  const timer = setInterval(() => {
    const seconds = (performance.now() - startedAt) / 1000;
    for (; ones < seconds * perSecond; ones += 1) start(askOne);
    for (; manies < seconds * manyPerSecond; manies += 1) start(askMany);
  }, TICK_MS);

  function start(ask: () => Promise<void>): void {
    const asking = ask().finally(() => underWay.delete(asking));
    underWay.add(asking);
  }

  return {
    answers,
    inFlight: () => underWay.size,
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}

function judge(
  userId: string,
  status: number,
  text: string,
  body: Body | undefined,
  goldens: PacedLoadOptions['goldens'],
): Omit<Answered, 'sentAt' | 'ms' | 'status'> {
  const { source = '', reason = '', version = '' } = body ?? {};
  const about = { userId, source, reason, version };
  const golden = goldens.get(version);
  if (status !== 200 || body === undefined) return { ...about, wrong: `status ${status}: ${text}` };
  if (body.userId !== userId) return { ...about, wrong: `${userId} was given the answer of ${body.userId}` };
  if (golden === undefined) return { ...about, wrong: `version ${version} was never activated` };
  if (REASONS[source]?.includes(reason) !== true)
    return { ...about, wrong: `${source} with reason ${reason}` };
  const isKnown = golden.users.has(userId);
  if (isKnown && reason === 'unknown-user') return { ...about, wrong: `${userId} passes for unknown` };
  const due = source === 'popular' ? golden.popular : (golden.users.get(userId) ?? []);
  const given = body.recommendations.map(({ productId }) => productId).join();
  if (given !== due.slice(0, SHOWN).join()) {
    return { ...about, wrong: `${source} answer for ${userId} of version ${version} is ${given}` };
  }
  return about;
}
