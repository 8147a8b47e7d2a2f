import type { Rates } from './views.ts';

/** What one replica had counted of one placement when it was looked at. */
interface Counted {
  readonly answers: Readonly<Record<string, number>>;
  readonly lookups: Readonly<Record<string, number>>;
}

interface Sample {
  readonly at: number;
  readonly placements: ReadonlyMap<string, Counted>;
  /** What came of it beside the sample before; null for the first. */
  readonly rates: ReadonlyMap<string, Rates> | null;
}

const NOTHING: Counted = { answers: {}, lookups: {} };
const SERIES = /^(topshelf_answers_total|topshelf_cache_lookups_total)\{(.*)\} (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;
/** Looks closer than this, in milliseconds, say little of a rate: the second gets what the first got. */
const SHORTEST_MS = 1_000;

/**
 * Rates from counters: what a replica's `/metrics` says now beside what it said at the look before. A counter that went
 * down has begun anew with its process, and is counted from zero.
 */
export function createRates() {
  const samples = new Map<string, Sample>();
  return {
    /**
     * @param at milliseconds since the epoch
     * @returns by placement; null at the first look at a replica
     */
    observe(replica: string, text: string, at: number): ReadonlyMap<string, Rates> | null {
      const before = samples.get(replica);
      if (before !== undefined && at - before.at < SHORTEST_MS) return before.rates;
      const placements = counted(text);
      const rates = before === undefined ? null : ratesSince(before, placements, at);
      samples.set(replica, { at, placements, rates });
      return rates;
    },
    /** Forgets replicas that are gone. */
    keep(replicas: readonly string[]): void {
      for (const replica of samples.keys()) if (!replicas.includes(replica)) samples.delete(replica);
    },
  };
}

function ratesSince(before: Sample, placements: Sample['placements'], at: number): Map<string, Rates> {
  const seconds = (at - before.at) / 1000;
  return new Map(
    [...placements].map(([placement, counts]) => [
      placement,
      ratesBetween(before.placements.get(placement) ?? NOTHING, counts, seconds),
    ]),
  );
}

function ratesBetween(before: Counted, now: Counted, seconds: number): Rates {
  const answers = grown(before.answers, now.answers);
  const lookups = grown(before.lookups, now.lookups);
  const looked = sum(lookups);
  return {
    seconds,
    answersPerSecond: sum(answers) / seconds,
    bySource: Object.fromEntries(Object.entries(answers).map(([source, count]) => [source, count / seconds])),
    cacheHitShare: looked === 0 ? null : ((lookups.hit ?? 0) + (lookups.unknown ?? 0)) / looked,
  };
}

function grown(before: Counted['answers'], now: Counted['answers']): Record<string, number> {
  return Object.fromEntries(
    Object.entries(now).map(([name, count]) => {
      const last = before[name] ?? 0;
      return [name, count < last ? count : count - last];
    }),
  );
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** The counters of answers by source and of look-ups by outcome, by placement. */
function counted(text: string): Map<string, Counted> {
  const found = new Map<string, { answers: Record<string, number>; lookups: Record<string, number> }>();
  for (const line of text.split('\n')) {
    const [, name, labelText = '', value = ''] = SERIES.exec(line) ?? [];
    if (name === undefined) continue;
    const labels: Record<string, string | undefined> = {};
    for (const [, key = '', text] of labelText.matchAll(LABEL)) labels[key] = text;
    const { placement = '', source = '', outcome = '' } = labels;
    const counts = found.get(placement) ?? { answers: {}, lookups: {} };
    found.set(placement, counts);
    const [kind, key] =
      name === 'topshelf_answers_total' ? [counts.answers, source] : [counts.lookups, outcome];
    kind[key] = (kind[key] ?? 0) + Number(value);
  }
  return found;
}
