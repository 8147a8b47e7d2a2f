import { percentile } from '../../load-tests/statistics.ts';
import type { Answered } from './paced-load.ts';
import type { StallClock } from './stall-clock.ts';

/** How long answers took, without those during which the measuring process itself stood still. */
export interface LatencySummary {
  readonly counted: number;
  readonly leftOut: number;
  readonly p999: number;
  readonly longest: number;
}

export function latencyOf(answers: readonly Answered[], clock: StallClock): LatencySummary {
  const counted = answers.filter(({ sentAt, ms }) => !clock.hasStalled(sentAt, sentAt + ms));
  const times = counted.map(({ ms }) => ms);
  return {
    counted: counted.length,
    leftOut: answers.length - counted.length,
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
