/** Places of an ordinary answer: what the gate compares. */
export const FIRST_PLACES = 5;

/** What was measured of one version. Shares are from 0 to 1. */
export interface VersionMeasures {
  readonly users: number;
  readonly rows: number;
  /** Share of users with fewer than five products. */
  readonly shortShare: number;
  /** Scores that are missing, infinite or not a number. */
  readonly invalidScores: number;
  /** Share of users with two products or more whose scores are all the same. */
  readonly flatShare: number;
  /** Different scores, in a sample of about a million rows. */
  readonly distinctScores: number;
  /** Median of the scores' absolute values, in the same sample. */
  readonly medianScore: number;
  /** Different products in first fives. */
  readonly products: number;
  /** Share of all places in first fives that the most frequent product has. */
  readonly topProductShare: number;
  /** Gini coefficient of the places in first fives over the products that have any. */
  readonly gini: number;
  /** Share of the other users who have the same first five, in order, as the user whose five is the most common. */
  readonly sameListShare: number;
}

/** What was measured of the candidate alone. */
export interface CandidateMeasures extends VersionMeasures {
  /** Different products in the popular list, which holds up to 20. */
  readonly popularProducts: number;
  /** Share of rows whose product is not in the catalogue; null where no catalogue was given. */
  readonly unknownShare: number | null;
  /** Some of those products, the most frequent first. */
  readonly unknownProducts: readonly string[];
}

/** What was measured of the candidate and the live version together. */
export interface Comparison {
  /** Users that both have. */
  readonly commonUsers: number;
  /** Share of the live version's users that the candidate does not have. */
  readonly lostShare: number;
  /** Mean over common users of the share of the first five that stays, in any order. */
  readonly overlap: number;
  /** Mean over common users of the rank-biased overlap of the first five. */
  readonly rankBiasedOverlap: number;
  /** Share of common users of whose first five nothing stays. */
  readonly allChangedShare: number;
  /** Shares of scores between the live version's deciles, in order: the live version's own, and the candidate's. */
  readonly scoreBins: { readonly live: readonly number[]; readonly candidate: readonly number[] };
  readonly sameContent: boolean;
  /**
   * How much older the candidate's predictions are, in seconds, negative where they are newer. Null where the rows of
   * either do not say when they were made: files' times say when somebody copied them.
   */
  readonly olderSeconds: number | null;
}

/** Something that was there to be measured and could not be. */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly why: string;
}

/** What the candidate is compared with. */
export type Baseline =
  | { readonly kind: 'measured'; readonly live: VersionMeasures; readonly comparison: Comparison }
  /** Nothing is live, or a table without seal: nobody knows what is in it. */
  | { readonly kind: 'none'; readonly why: string }
  | Unreadable;

/** What the checks look at, measured beforehand: a check itself reads nothing. */
export interface Measurements {
  readonly candidate: { readonly kind: 'measured'; readonly measures: CandidateMeasures } | Unreadable;
  readonly baseline: Baseline;
}
