import { hash } from 'node:crypto';

/** One look at what a server served: a reading of its status, a swap that it told of, or an answer. */
export interface Sighting {
  readonly server: string;
  /** Of one clock, the same for all; the look took place at some moment between the two. */
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly version: string;
  /** Where it is known; else every epoch that had this version is thought of. */
  readonly epoch?: number;
}

export interface Answered extends Sighting {
  readonly userId: string;
  readonly source: string;
  /** Of `payloadOf`. */
  readonly payload: string;
}

/** A write of the pointer, which took place between the two moments. */
export interface Activation {
  readonly epoch: number;
  readonly version: string;
  readonly begunAt: number;
  readonly doneAt: number;
}

export interface HistoryOptions {
  /** What is right for this answer, best first; undefined where nothing would be. */
  readonly holds: (answer: Omit<Answered, 'payload'>) => readonly string[] | undefined;
  /** Longest time for which a server may serve on from what has been replaced. */
  readonly lag: number;
}

/** What stands for a list of products in a history. */
export function payloadOf(productIds: readonly string[]): string {
  return hash('sha1', productIds.join('\n'), 'base64');
}

/**
 * Everything that was seen of servers while a test ran. Afterwards `violations` says what could not have been, had they
 * kept their promises:
 *
 * - an answer is what its version holds for that user;
 * - a version was activated before it was answered from, and is answered from no more, `lag` later, once replaced;
 * - of two looks at one server, where the first had ended before the second began, the second sees no lower epoch.
 */
export class History {
  readonly #options: HistoryOptions;
  readonly #sightings: Sighting[] = [];
  readonly #activations: Activation[] = [];
  readonly #wrong: string[] = [];
  #answers = 0;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /** Answers seen so far. */
  get answers(): number {
    return this.#answers;
  }

  /** Activates a version, and takes note of when and at which epoch; in the order of their epochs. */
  async activate(work: () => Promise<{ readonly epoch: number; readonly version: string }>): Promise<number> {
    const begunAt = performance.now();
    const { epoch, version } = await work();
    this.activated({ epoch, version, begunAt, doneAt: performance.now() });
    return epoch;
  }

  /** In the order of their epochs. */
  activated(activation: Activation): void {
    this.#activations.push(activation);
  }

  seen(sighting: Sighting): void {
    this.#sightings.push(sighting);
  }

  answered(answer: Answered): void {
    this.#answers += 1;
    this.#sightings.push(answer);
    const right = this.#options.holds(answer);
    if (right !== undefined && payloadOf(right) === answer.payload) return;
    const should = right === undefined ? 'which holds nothing for that' : `which holds ${right.join()}`;
    this.#wrong.push(
      `${answer.server} answered ${answer.userId} as ${answer.source} with something else than version ${answer.version}, ${should}`,
    );
  }

  /** What could not have been, in words; empty where all is well. */
  violations(): string[] {
    const found = [...this.#wrong];
    const servers = Map.groupBy(this.#sightings, ({ server }) => server);
    for (const sightings of servers.values()) found.push(...this.#inOrder(sightings));
    return found;
  }

  /** Goes through the looks at one server, giving each the lowest epoch that it can have had. */
  #inOrder(sightings: readonly Sighting[]): string[] {
    const found: string[] = [];
    const byAsked = sightings.toSorted((a, b) => a.askedAt - b.askedAt);
    const byAnswered = sightings.toSorted((a, b) => a.answeredAt - b.answeredAt);
    const epochs = new Map<Sighting, number>();
    let floor = 0;
    let ended = 0;
    for (const sighting of byAsked) {
      for (; (byAnswered[ended]?.answeredAt ?? Infinity) < sighting.askedAt; ended += 1) {
        floor = Math.max(floor, epochs.get(byAnswered[ended]!) ?? 0);
      }
      const possible = this.#possibleEpochs(sighting);
      const epoch = possible.find((each) => each >= floor);
      if (epoch === undefined) found.push(this.#explain(sighting, floor, possible.length > 0));
      else epochs.set(sighting, epoch);
    }
    return found;
  }

  #possibleEpochs({ version, epoch, askedAt, answeredAt }: Sighting): number[] {
    return this.#activations
      .filter((activation, at) => {
        const replacedAt = this.#activations[at + 1]?.doneAt ?? Infinity;
        return (
          activation.version === version &&
          (epoch === undefined || activation.epoch === epoch) &&
          activation.begunAt <= answeredAt &&
          askedAt <= replacedAt + this.#options.lag
        );
      })
      .map((activation) => activation.epoch);
  }

  #explain({ server, version, epoch, askedAt, answeredAt }: Sighting, floor: number, isPossible: boolean) {
    const what = `${server} served version ${version}${epoch === undefined ? '' : ` at epoch ${epoch}`}`;
    const when = `(asked at ${askedAt}, answered at ${answeredAt})`;
    const all = this.#activations.filter(
      (each) => each.version === version && (epoch === undefined || each.epoch === epoch),
    );
    if (all.length === 0) return `${what}, which was never activated ${when}`;
    if (isPossible) return `${what} after it had served epoch ${floor} ${when}`;
    if (all.every(({ begunAt }) => begunAt > answeredAt)) return `${what} before it was activated ${when}`;
    return `${what} long after it was replaced ${when}`;
  }
}
