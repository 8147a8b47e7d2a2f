interface Threshold {
  readonly default: number;
  /** Values that a configuration may give it, both ends allowed. */
  readonly range: readonly [least: number, most: number];
  /** Where the default comes from; `src/gate/README.md` shows it. */
  readonly why: string;
}

const MOST = Number.MAX_SAFE_INTEGER;

// "Twelve days" is 2011-11-25 against 2011-12-07 of the real data: further apart than a live version and the next
// ought to be. A default leaves a few times that much room.
const definitions = {
  minUsers: {
    default: 1,
    range: [0, MOST],
    why: 'only the shop knows how many users it has: set it to about half of them, for the first load above all',
  },
  maxUsersChange: {
    default: 0.2,
    range: [0, MOST],
    why: 'twelve days: 0.018 more. Ten times that, as young shops grow quickly',
  },
  maxUsersLost: {
    default: 0.04,
    range: [0, 1],
    why: 'twelve days: none; the other way round, as in a shop that loses users, 0.018. Twice that',
  },
  minPopularProducts: { default: 5, range: [0, 20], why: 'an ordinary answer has five places' },
  maxShortShare: {
    default: 0.25,
    range: [0, 1],
    why: 'the real data has none; models that know little of many users have some. It also judges first loads',
  },
  maxShortIncrease: { default: 0.02, range: [0, 1], why: 'twelve days: none; one user in fifty' },
  maxInvalidScores: { default: 0, range: [0, MOST], why: 'no score can be used that is not a number' },
  minDistinctScores: { default: 2, range: [0, MOST], why: 'one score is a constant' },
  maxFlatShare: {
    default: 0.25,
    range: [0, 1],
    why: 'the real data has none; coarse scores make some users’ all equal. It also judges first loads',
  },
  maxFlatIncrease: { default: 0.02, range: [0, 1], why: 'twelve days: none; one user in fifty' },
  maxScorePsi: {
    default: 0.1,
    range: [0, MOST],
    why: 'by custom, less is no change. Twelve days: 0.0014, no more than chance',
  },
  maxScoreFactor: { default: 2, range: [1, MOST], why: 'twelve days: 1.004; calibrations differ, not by 2' },
  minOverlap: { default: 0.65, range: [0, 1], why: 'twelve days: 0.890, so 0.110 changed. Three times that' },
  minRankBiasedOverlap: {
    default: 0.6,
    range: [0, 1],
    why: 'twelve days: 0.874, so 0.126 changed. Three times that',
  },
  maxAllChanged: { default: 0.05, range: [0, 1], why: 'twelve days: 0.011. Five times that' },
  minCoverageRatio: {
    default: 0.8,
    range: [0, MOST],
    why: 'twelve days: 1.005; a fifth of the products may go out of sight',
  },
  maxTopProductShare: {
    default: 0.15,
    range: [0, 1],
    why: 'the real data: 0.063 and 0.065. 0.2 is a product in every first five, 0.15 in three of four',
  },
  maxTopProductRatio: {
    default: 1.5,
    range: [0, MOST],
    why: 'twelve days: 0.97; leaves room for a product that is promoted',
  },
  maxGiniIncrease: {
    default: 0.05,
    range: [0, 1],
    why: 'twelve days: 0.0007; from 0.86 there is little way up',
  },
  maxSameListShare: {
    default: 0.25,
    range: [0, 1],
    why: 'the real data: 0.001 and 0.002; users without a history may share a list. It also judges first loads',
  },
  maxSameListIncrease: { default: 0.02, range: [0, 1], why: 'twelve days: none; one user in fifty' },
  maxUnknownShare: {
    default: 0.01,
    range: [0, 1],
    why: 'the real data: none; catalogues are exported at other hours than predictions',
  },
  maxOlderSeconds: {
    default: 0,
    range: [0, MOST],
    why: 'what is live shall not be replaced by what is older',
  },
  maxSameContent: {
    default: 0,
    range: [0, 1],
    why: 'no two days of the real data have one user’s list and scores alike; 1 allows the live content again',
  },
} as const satisfies Record<string, Threshold>;

export type ThresholdName = keyof typeof definitions;
export type Thresholds = Readonly<Record<ThresholdName, number>>;

/** Every threshold: its default, what it may be, and why. */
export const THRESHOLDS: Readonly<Record<ThresholdName, Threshold>> = definitions;

export const THRESHOLD_NAMES = Object.keys(definitions) as ThresholdName[];

export const DEFAULT_THRESHOLDS = Object.freeze(
  Object.fromEntries(THRESHOLD_NAMES.map((name) => [name, definitions[name].default])),
) as Thresholds;
