import type { Told } from './callers.ts';
import type { Sight } from './drilled-server.ts';

/** What the live version holds: what callers are to get in the end, and what they may not get meanwhile. */
export interface Baseline {
  readonly version: string;
  readonly epoch: number;
  /** The first products of each user who takes part. */
  readonly products: ReadonlyMap<string, readonly string[]>;
}

/** Everything that was seen in one rehearsal. */
export interface Observed {
  /** Answers to those who asked while the fault stood. */
  readonly during: readonly Told[];
  /** Whether the fault met the server at all. */
  readonly isMet: boolean;
  /** What the server said of itself at the end of the fault. */
  readonly sight: Sight;
  /** From the end of the fault to the last answer that was not personalized; undefined where that did not come to an end. */
  readonly recoverySeconds: number | undefined;
  /** Why a second server, started meanwhile, did not serve the same; undefined where it did or there was none. */
  readonly secondServer: string | undefined;
}
