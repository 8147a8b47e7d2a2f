import type { CheckReport } from '../publishing/check/report.ts';
import type { Explained } from '../publishing/explain.ts';
import type { LedgerEntry } from '../publishing/history.ts';
import type { ReplicaReport } from '../publishing/replicas.ts';
import type { PlacementStatus } from '../publishing/status.ts';

// What the console's API answers, and the page reads.

/** What one replica answered lately, of one placement. */
export interface Rates {
  /** The time they are over. */
  readonly seconds: number;
  readonly answersPerSecond: number;
  /** Answers a second by source. */
  readonly bySource: Readonly<Record<string, number>>;
  /** Share of look-ups that needed no read of the table: hits, and users known to be unknown. Null without look-ups. */
  readonly cacheHitShare: number | null;
}

export interface ReplicaView extends ReplicaReport {
  /** Null at the first look, and where its metrics could not be had. */
  readonly rates: Rates | null;
  readonly ratesProblem: string | null;
}

/** The gate's last word on a version. */
export interface Verdict {
  readonly id: string;
  readonly at: string;
  readonly passed: boolean;
  readonly stoppedBy: readonly string[];
}

export interface PlacementView extends Omit<PlacementStatus, 'replicas' | 'history'> {
  /** Null where the gate has not looked at the live version, and where the archive does not say. */
  readonly verdict: Verdict | null;
  readonly verdictProblem: string | null;
  /** Null where the console was given no replicas. */
  readonly replicas: readonly ReplicaView[] | null;
}

/** `GET /api/placements` */
export interface Overview {
  /** ISO 8601, when it was read. */
  readonly at: string;
  readonly placements: readonly PlacementView[];
  /** Why the replicas are not known; null where they are, or none were given. */
  readonly replicasProblem: string | null;
  /** Of blocked products, where a catalogue has them. */
  readonly titles: Readonly<Record<string, string>>;
}

/** `GET /api/placements/:placement/history` */
export interface History {
  /** Newest first. */
  readonly entries: readonly LedgerEntry[];
}

/** What a check's number is, in words that follow it, and which side of its threshold is allowed. */
export interface Criterion {
  readonly what: string;
  readonly bound: 'at least' | 'at most';
}

/** `GET /api/placements/:placement/checks`; `…/checks/:id` is one report, whole. */
export interface Checks {
  /** The newest first; at the end the live version's, where that is none of them. */
  readonly reports: readonly CheckReport[];
  /** What each check looks at, by its name; one of another release may not be in it. */
  readonly criteria: Readonly<Record<string, Criterion>>;
}

/** `POST /api/placements/:placement/explain` */
export interface LookedUp extends Explained {
  readonly titles: Readonly<Record<string, string>>;
}

/** `POST /api/placements/:placement/rollback` and its like */
export interface ActionDone {
  readonly version: string;
  readonly epoch: number;
  /** False where there was nothing to change. */
  readonly changed: boolean;
  readonly warnings: readonly string[];
  /** What happened, in a sentence. */
  readonly text: string;
}
