import type { Lab } from './lab.ts';
import type { Measured } from './measure.ts';
import type { Ratio } from './ratios.ts';

/** One question, answered by measuring. */
export interface Scenario {
  readonly name: string;
  readonly question: string;
  /** Part of `--quick`: has ratios of CPU alone, and needs few runs for them. */
  readonly isQuick?: true;
  run(lab: Lab): Promise<Findings>;
}

export interface Findings {
  /** What was measured, by the name of the arm. */
  readonly arms: Readonly<Record<string, Measured>>;
  readonly ratios: readonly Ratio[];
  /** Numbers that are no arm and have no goal, by what they say. */
  readonly facts?: Readonly<Record<string, number>>;
}

/** Connections of the scenarios that load a server as far as it goes. */
export const CONNECTIONS = 64;

/**
 * The time limits of a saturated server are not what is asked: without this, answers would be popular ones, which cost
 * less, exactly where the server is slow.
 */
export const PATIENT = { TOPSHELF_READ_TIMEOUT_MS: '5000', TOPSHELF_REQUEST_DEADLINE_MS: '10000' } as const;

/** What turns a part of the read path off, for the arm without it. */
export const WITHOUT_BATCHING = { TOPSHELF_MAX_USERS_PER_READ: '1' } as const;
export const WITHOUT_HEDGING = { TOPSHELF_EXTRA_READS_PERCENT: '0' } as const;
