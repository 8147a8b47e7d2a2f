import { UsageError } from '../domain/errors.ts';
import { askEach, type Told } from './callers.ts';
import { lookAt, type DrilledServer } from './drilled-server.ts';
import { isAnswer, judge, slowestMs, type Standard } from './judge.ts';
import type { Baseline, Observed } from './observed.ts';
import type { Rehearsal } from './rehearsals.ts';
import { rehearse, type Stage } from './rehearse.ts';

export interface DrillRequest extends Omit<Stage, 'baseline'> {
  readonly rehearsals: readonly Rehearsal[];
  /** Those to ask for; who has no prediction is left out. */
  readonly users: readonly string[];
  /** What the way to the caller, and this machine, may add to the deadline; milliseconds. */
  readonly allowanceMs: number;
}

/** So many answers came from this source, for this reason. */
export interface AnswerCount {
  readonly source: string;
  readonly reason: string | null;
  readonly answers: number;
}

/** What callers saw in one rehearsal, and whether that is what they should see. */
export interface RehearsalReport {
  readonly name: string;
  readonly what: string;
  readonly verdict: 'passed' | 'failed';
  /** What was expected and did not happen. */
  readonly failures: readonly string[];
  readonly requests: number;
  readonly answers: readonly AnswerCount[];
  /** Requests without an answer of status 200. */
  readonly errors: number;
  /** Without the time in which the drill itself stood still. */
  readonly slowestMs: number | null;
  /** From the end of the fault; null where it did not come to that. */
  readonly personalizedAgainAfterSeconds: number | null;
}

export interface DrillReport {
  readonly placement: string;
  readonly version: string;
  readonly epoch: number;
  readonly requestDeadlineMs: number;
  readonly users: number;
  /** Users who were given and have no prediction in this version. */
  readonly usersLeftOut: number;
  readonly rehearsals: readonly RehearsalReport[];
  readonly passed: boolean;
}

/** Fewer could not show both what is remembered of a user and what is not. */
const LEAST_USERS = 2;

/**
 * Goes through the rehearsals, one after the other. Rejects with UsageError where too few of the users have a
 * prediction, with UnreachableError where a server does not become ready, with the signal's reason where it aborts.
 */
export async function drill(
  request: DrillRequest,
  onRehearsal: (rehearsal: Rehearsal) => void,
  signal: AbortSignal,
): Promise<DrillReport> {
  const { placement, users, limits, allowanceMs, recoveryLimitSeconds } = request;
  const baseline = await takeBaseline(request);
  const { requestDeadlineMs } = limits;
  const standard = { requestDeadlineMs, allowanceMs, recoveryLimitSeconds, baseline };
  const reports: RehearsalReport[] = [];
  for (const rehearsal of request.rehearsals) {
    signal.throwIfAborted();
    onRehearsal(rehearsal);
    const observed = await rehearse(rehearsal, { ...request, baseline }, signal);
    reports.push(reportOf(rehearsal, observed, standard));
  }
  return {
    placement,
    version: baseline.version,
    epoch: baseline.epoch,
    requestDeadlineMs,
    users: baseline.products.size,
    usersLeftOut: users.length - baseline.products.size,
    rehearsals: reports,
    passed: reports.every(({ verdict }) => verdict === 'passed'),
  };
}

/** What a server answers while all is well. */
async function takeBaseline({ start, placement, users }: DrillRequest): Promise<Baseline> {
  const server = await start();
  try {
    const told = await askEach({ api: server.api, placement, users });
    // A first read opens connections, and may be late for that alone.
    const late = told.filter(({ source }) => source !== 'personalized').map(({ userId }) => userId);
    const again = await askEach({ api: server.api, placement, users: late });
    return await baselineOf(server, placement, [...told, ...again]);
  } finally {
    await server.stop();
  }
}

async function baselineOf(
  server: DrilledServer,
  placement: string,
  told: readonly Told[],
): Promise<Baseline> {
  const { epoch, version } = await lookAt(server, placement);
  const held = told.filter(({ source }) => source === 'personalized');
  const products = new Map(held.map(({ userId, products: list }) => [userId, list]));
  if (products.size < LEAST_USERS || epoch === null || version === null) {
    const other = told.find(({ source }) => source !== 'personalized');
    const why = other && (other.problem ?? `${other.source}${other.reason ? `, ${other.reason}` : ''}`);
    throw new UsageError(
      `a drill needs at least ${LEAST_USERS} users with a prediction, and ${products.size} of those given have one in ` +
        `version ${version} of placement ${placement}${why ? `; another is answered with: ${why}` : ''}. ` +
        'Name users who exist: --users-file FILE with one id a line, or --user ID',
    );
  }
  return { version, epoch, products };
}

function reportOf(rehearsal: Rehearsal, observed: Observed, standard: Standard): RehearsalReport {
  const { name, what } = rehearsal;
  const { during, recoverySeconds } = observed;
  const failures = judge(rehearsal, observed, standard);
  const slowest = slowestMs(during);
  return {
    name,
    what,
    verdict: failures.length === 0 ? 'passed' : 'failed',
    failures,
    requests: during.length,
    answers: countAnswers(during),
    errors: during.filter((told) => !isAnswer(told)).length,
    slowestMs: slowest === undefined ? null : round(slowest),
    personalizedAgainAfterSeconds: recoverySeconds === undefined ? null : round(recoverySeconds),
  };
}

function countAnswers(told: readonly Told[]): AnswerCount[] {
  const groups = Map.groupBy(told.filter(isAnswer), ({ source, reason }) => `${source} ${reason ?? ''}`);
  const counts = [...groups.values()].map((group) => ({
    source: group[0]?.source ?? '',
    reason: group[0]?.reason ?? null,
    answers: group.length,
  }));
  return counts.sort((a, b) => b.answers - a.answers);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
