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

/** A ratio of CPU per request. */
export function cpuRatio(name: string, goal: Goal, over: Measured, under: Measured): Ratio {
  const value = over.cpuMicrosPerRequest / under.cpuMicrosPerRequest;
  return { name, value, goal, isCpu: true };
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
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const generatorBusy = Math.max(...arms.map((arm) => arm.generatorBusy));
  const noise = Math.max(...arms.map((arm) => arm.noise));
  if (generatorBusy > MAX_GENERATOR_BUSY) return `the core of the load was ${percent(generatorBusy)} busy`;
  if (noise > MAX_NOISE) return `other programs took ${percent(noise)} of the server’s core`;
  return undefined;
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
  readonly name: string;
  readonly value: number;
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
      const isFine = before !== undefined && !fellShort(ratio, before);
      return { name: ratio.name, value: ratio.value, recorded: before, isFine };
    });
}
