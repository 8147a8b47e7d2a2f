import { MAX_GENERATOR_BUSY, MAX_NOISE, type Measured } from './measure.ts';

/** Most or least that a ratio may be. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** One row of what the load tests must show. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
  readonly goal: Goal;
  readonly unit?: 'ms' | 's' | 'points' | 'errors';
  /** Made of CPU time alone: means something however busy the load was, and on another machine. */
  readonly isCpu: boolean;
  /** Why the value counts for nothing; absent where it counts. */
  readonly void?: string;
}

/** Popular answers cost less than the ones that were asked for: with more of them the cost says nothing. */
const MIN_PERSONALIZED_SHARE = 0.99;

/** A ratio of CPU per request; void where topshelf's arms (`ours`) did not do the work that it is the price of. */
export function cpuRatio(
  name: string,
  goal: Goal,
  over: Measured,
  under: Measured,
  ours: readonly Measured[],
): Ratio {
  const value = over.cpuMicrosPerRequest / under.cpuMicrosPerRequest;
  const share = Math.min(...ours.map(({ personalizedShare }) => personalizedShare));
  const isShort = share < MIN_PERSONALIZED_SHARE;
  return {
    name,
    value,
    goal,
    isCpu: true,
    ...(isShort && { void: `only ${percent(share)} of the answers were personalized` }),
  };
}

/** A ratio of anything else: void where one of `arms` was not measured in peace. */
export function timedRatio(
  name: string,
  goal: Goal,
  value: number,
  arms: readonly Pick<Measured, 'generatorBusy' | 'noise'>[],
  unit?: Ratio['unit'],
): Ratio {
  const why = disturbance(arms);
  return {
    name,
    value,
    goal,
    isCpu: false,
    ...(unit !== undefined && { unit }),
    ...(why !== undefined && { void: why }),
  };
}

function disturbance(arms: readonly Pick<Measured, 'generatorBusy' | 'noise'>[]): string | undefined {
  const generatorBusy = Math.max(...arms.map((arm) => arm.generatorBusy));
  const noise = Math.max(...arms.map((arm) => arm.noise));
  if (generatorBusy > MAX_GENERATOR_BUSY) return `the core of the load was ${percent(generatorBusy)} busy`;
  if (noise > MAX_NOISE) return `other programs took ${percent(noise)} of the server’s core`;
  return undefined;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export function isMet({ value, goal }: Pick<Ratio, 'value' | 'goal'>): boolean {
  return 'atMost' in goal ? value <= goal.atMost : value >= goal.atLeast;
}

/** What a ratio may lose against the recorded one before it fails. */
export const TOLERANCE = 0.2;

/** Whether a ratio fell short of a recorded one by more than the tolerance, in the direction of its goal. */
export function fellShort({ value, goal }: Pick<Ratio, 'value' | 'goal'>, recorded: number): boolean {
  return 'atMost' in goal ? value > recorded * (1 + TOLERANCE) : value < recorded * (1 - TOLERANCE);
}

export interface Comparison {
  readonly ratio: Ratio;
  /** Undefined where nothing was recorded under this name. */
  readonly recorded: number | undefined;
  readonly isFine: boolean;
}

/** The CPU ratios of a run beside the recorded ones. What was never recorded is not fine: nothing would hold it. */
export function compareWithRecorded(ratios: readonly Ratio[], recorded: readonly Ratio[]): Comparison[] {
  return ratios
    .filter(({ isCpu }) => isCpu)
    .map((ratio) => {
      const before = recorded.find(({ name }) => name === ratio.name)?.value;
      const isFine = before !== undefined && ratio.void === undefined && !fellShort(ratio, before);
      return { ratio, recorded: before, isFine };
    });
}
