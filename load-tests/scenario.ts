import { serverSettings } from '../src/config/config.ts';
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
  /** Why nothing was measured. */
  readonly skipped?: string;
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
export const WITHOUT_HEDGING = { TOPSHELF_HEDGE_BUDGET_PERCENT: '0' } as const;

/** Says which of these settings this server does not have; undefined where it has them all. */
export function missingSetting(settings: Readonly<Record<string, string>>): string | undefined {
  const missing = Object.keys(settings).filter((name) => !(name in serverSettings.shape));
  return missing.length === 0
    ? undefined
    : `topshelf has no setting ${missing.join(', ')} to compare without`;
}

export function skipped(why: string): Findings {
  return { arms: {}, ratios: [], skipped: why };
}
