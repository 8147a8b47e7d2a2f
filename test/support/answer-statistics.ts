import { percentile } from '../../load-tests/statistics.ts';
import type { Answered } from './paced-load.ts';
import type { StallClock } from './stall-clock.ts';

/** How long answers took, without the time that the measuring process itself stood still. */
export interface LatencySummary {
  /** Answers from whose time something was taken off. */
  readonly stalled: number;
  readonly p999: number;
  readonly longest: number;
}

/**
 * A stall is taken off the time of the answers that it falls into, and no answer is left out for it: on a busy machine
 * some stall falls into every answer that takes long, and those are the ones to be seen.
 */
export function latencyOf(
  answers: readonly Answered[],
  clock: Pick<StallClock, 'stalledMs'>,
): LatencySummary {
  const stalls = answers.map(({ sentAt, ms }) => clock.stalledMs(sentAt, sentAt + ms));
  const times = answers.map(({ ms }, at) => ms - (stalls[at] ?? 0));
  return {
    stalled: stalls.filter((ms) => ms > 0).length,
    p999: percentile(times, 99.9),
    longest: times.reduce((longest, ms) => Math.max(longest, ms), 0),
  };
}

/** What is wrong with answers: the first few of them, for a test to show. */
export function wrongAmong(answers: readonly Answered[]): string[] {
  return answers.flatMap(({ wrong }) => wrong ?? []).slice(0, 5);
}

/** Answers by `source/reason`, as `topshelf_answers_total` counts them. */
export function tallyOf(
  answers: readonly Pick<Answered, 'status' | 'source' | 'reason'>[],
): Record<string, number> {
  const tally: Record<string, number> = {};
  for (const { status, source, reason } of answers) {
    if (status === 200) tally[`${source}/${reason}`] = (tally[`${source}/${reason}`] ?? 0) + 1;
  }
  return tally;
}
