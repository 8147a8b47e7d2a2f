import type { LoadShedder } from '../resilience/load-shedder.ts';
import type { Answer } from './answer.ts';
import type { LiveVersion } from './live-version.ts';
import type { ServingObserver } from './observer.ts';
import { renderDefault, renderInstead, renderPersonalized, type Wish } from './rendering.ts';
import type { Finding, Keep } from './version-reads.ts';

export interface PredictionServiceOptions {
  /** Age at which a prediction is read again. */
  readonly cacheMaxAgeMs: number;
  /** Age at which a user who was not in the table is looked up again. */
  readonly unknownMaxAgeMs: number;
  readonly shedder: LoadShedder;
  readonly observer: ServingObserver;
  /** Milliseconds; for ages only. */
  readonly now?: () => number;
}

const UNKNOWN: Finding = { kind: 'unknown' };
const SHED: Finding = { kind: 'failed', reason: 'overloaded' };
const UNREADABLE: Finding = { kind: 'failed', reason: 'store-error' };

/** Answers users from one live version: from the cache, else from its table, else from what it has in memory. */
export class PredictionService {
  readonly #options: PredictionServiceOptions;
  readonly #now: () => number;
  readonly #keeps = new WeakMap<LiveVersion, Keep>();

  constructor(options: PredictionServiceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * Calls `done` with one user's answer, once: before this returns where it is in memory, else within the request's
   * deadline. A call and not a promise, of which each request would need several. `done` must not throw.
   */
  answer(live: LiveVersion, userId: string, wish: Wish, done: (answer: Answer) => void): void {
    const finding = this.#lookUp(live, userId) ?? (this.#options.shedder.admit() ? undefined : SHED);
    if (finding !== undefined) return done(this.#toAnswer(live, userId, wish, finding));
    live.state.reads.find(userId, this.#keepFor(live), (found) =>
      done(this.#toAnswer(live, userId, wish, found)),
    );
  }

  /** The answers of many users, in their order, all from the same version. Users may repeat. Never rejects. */
  answerMany(live: LiveVersion, userIds: readonly string[], wish: Wish): Promise<Answer[]> {
    const answers = new Map<string, Promise<Answer>>();
    const admit = this.#admitOnce();
    const answerOne = (userId: string): Promise<Answer> => {
      const known = answers.get(userId);
      if (known !== undefined) return known.then((answer) => this.#counted(live, answer));
      const finding = this.#lookUp(live, userId) ?? (admit() ? undefined : SHED);
      const answer =
        finding === undefined
          ? this.#read(live, userId, wish)
          : Promise.resolve(this.#toAnswer(live, userId, wish, finding));
      answers.set(userId, answer);
      return answer;
    };
    return Promise.all(userIds.map(answerOne));
  }

  /** The shedder's one word on all reads of a request. */
  #admitOnce(): () => boolean {
    let isAdmitted: boolean | undefined;
    return () => (isAdmitted ??= this.#options.shedder.admit());
  }

  /** What memory knows of a user and is young enough; undefined where the table must be asked. */
  #lookUp({ pointer, state }: LiveVersion, userId: string): Finding | undefined {
    const { observer, cacheMaxAgeMs, unknownMaxAgeMs } = this.#options;
    const now = this.#now();
    const prediction = state.predictions.get(userId);
    if (prediction !== undefined) {
      const isAged = now - prediction.readAtMs >= cacheMaxAgeMs;
      observer.cacheLookup(pointer.placement, isAged ? 'aged' : 'hit');
      return isAged ? undefined : { kind: 'fresh', prediction };
    }
    const askedAtMs = state.unknownUsers.get(userId);
    const isUnknown = askedAtMs !== undefined && now - askedAtMs < unknownMaxAgeMs;
    observer.cacheLookup(pointer.placement, isUnknown ? 'unknown' : 'miss');
    return isUnknown ? UNKNOWN : undefined;
  }

  /** One of many users, from the table. */
  #read(live: LiveVersion, userId: string, wish: Wish): Promise<Answer> {
    return new Promise((resolve) => {
      const done = (found: Finding) => resolve(this.#toAnswer(live, userId, wish, found));
      live.state.reads.find(userId, this.#keepFor(live), done, true);
    });
  }

  /** `keep` for one version, made once for it and not for each read. */
  #keepFor(live: LiveVersion): Keep {
    let keep = this.#keeps.get(live);
    if (keep === undefined) {
      keep = (userId, items) => this.keep(live, userId, items);
      this.#keeps.set(live, keep);
    }
    return keep;
  }

  /** Remembers what the table said of a user. An item that is no prediction is kept nowhere. */
  keep(live: LiveVersion, userId: string, items: string | undefined): Finding {
    const { predictions, unknownUsers } = live.state;
    if (items === undefined) {
      predictions.delete(userId);
      unknownUsers.set(userId, this.#now());
      return UNKNOWN;
    }
    try {
      const body = renderDefault(live, userId, items);
      // A whole number: one with a fraction would be an object of its own on the heap, for each user.
      const prediction = { items, readAtMs: Math.floor(this.#now()), body, blocked: live.blocked };
      predictions.set(userId, prediction);
      return { kind: 'fresh', prediction };
    } catch {
      this.#options.observer.itemUnreadable(live.pointer.placement, live.pointer.version);
      return UNREADABLE;
    }
  }

  /** The ladder: personalized, else stale, else popular, else (where the caller wants no popular products) nothing. */
  #toAnswer(live: LiveVersion, userId: string, wish: Wish, finding: Finding): Answer {
    return this.#counted(live, this.#render(live, userId, wish, finding));
  }

  #counted(live: LiveVersion, answer: Answer): Answer {
    this.#options.observer.answered(live.pointer.placement, answer.source, answer.reason);
    return answer;
  }

  #render(live: LiveVersion, userId: string, wish: Wish, finding: Finding): Answer {
    if (finding.kind === 'unknown') return renderInstead(live, userId, wish, 'unknown-user', undefined);
    try {
      return finding.kind === 'fresh'
        ? renderPersonalized(live, userId, wish, finding.prediction)
        : renderInstead(live, userId, wish, finding.reason, live.state.predictions.get(userId));
    } catch {
      // The first recommendations could be read, and what this caller asks for beyond them cannot.
      this.#options.observer.itemUnreadable(live.pointer.placement, live.pointer.version);
      return renderInstead(live, userId, wish, 'store-error', undefined);
    }
  }
}
