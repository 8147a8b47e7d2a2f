import type { Answer, Answers, LocalAnswer, Recommendation, UserAnswer } from './answer.ts';
import { ask } from './ask.ts';
import { ClientError, RefusedError } from './errors.ts';

export type * from './answer.ts';
export { ClientError, RefusedError } from './errors.ts';

export interface ClientOptions {
  /** Where the API is: `http://topshelf:8080`. */
  readonly url: string | URL;
  /** The slot on the page that is asked for; the server's default where it is left out. */
  readonly placement?: string;
  /** Time for a call in all, a second try included, in milliseconds; 250 unless given. The server's own limit is 100. */
  readonly timeoutMs?: number;
  /**
   * What is shown while the API cannot be asked, best first: for instance a `popular` answer's recommendations, kept
   * with the shop's release. Products that were blocked since are not taken out of it. Without it calls throw.
   */
  readonly localList?: readonly Recommendation[];
}

export interface Wish {
  /** Most recommendations of an answer: 1 to 20; 5 unless given. */
  readonly limit?: number;
  /** Products that shall not be among them, at most 100. For `recommend` ids without a comma: it separates them. */
  readonly exclude?: readonly string[];
  /** `none`: neither popular products nor the local list in place of a prediction. */
  readonly fallback?: 'popular' | 'none';
  readonly signal?: AbortSignal;
}

export interface Client {
  /**
   * The top products for one user. Throws RefusedError where the call itself is wrong, and, without a list that may
   * stand in, ClientError where there is no answer. The ids `.` and `..` cannot stand in a path: `recommendMany` takes
   * them.
   */
  recommend(userId: string, wish?: Wish): Promise<Answer | LocalAnswer>;
  /** As `recommend`, for up to 100 users at once; the answers have the order of the ids. */
  recommendMany(userIds: readonly string[], wish?: Wish): Promise<(UserAnswer | LocalAnswer)[]>;
}

const DEFAULT_TIMEOUT_MS = 250;
/** As the API has it. */
const DEFAULT_LIMIT = 5;

/**
 * A client for the shop's own servers: the API is internal. It asks once more, at once, where a connection turns out to
 * be dead, and never otherwise: the server has tried what there is to try.
 */
export function createClient({
  url,
  placement,
  timeoutMs = DEFAULT_TIMEOUT_MS,
  localList = [],
}: ClientOptions): Client {
  /** What stands in for an answer that failed; throws what it failed of where nothing may. */
  function standIn(error: unknown, { limit = DEFAULT_LIMIT, exclude = [], fallback }: Wish) {
    const isOurs = error instanceof ClientError && !(error instanceof RefusedError && error.isMistake);
    if (!isOurs || fallback === 'none' || localList.length === 0) throw error;
    const recommendations = localList.filter(({ productId }) => !exclude.includes(productId)).slice(0, limit);
    return { source: 'local', reason: error.reason, recommendations } as const;
  }

  return {
    async recommend(userId, wish = {}) {
      const { limit, exclude = [], fallback, signal } = wish;
      // Relative, so that an API below a path stays there.
      const target = new URL(`recommendations/${encodeURIComponent(userId)}`, withSlash(url));
      const { searchParams } = target;
      if (placement !== undefined) searchParams.set('placement', placement);
      if (limit !== undefined) searchParams.set('limit', String(limit));
      if (fallback !== undefined) searchParams.set('fallback', fallback);
      for (const productId of exclude) searchParams.append('exclude', productId);
      try {
        const answer = (await ask({ url: target, timeoutMs, signal })) as Answer | null;
        return checked(answer, answer?.recommendations);
      } catch (error) {
        return { userId, ...standIn(error, wish) };
      }
    },

    async recommendMany(userIds, wish = {}) {
      const { signal, ...rest } = wish;
      const body = { userIds, ...(placement === undefined ? {} : { placement }), ...rest };
      try {
        const target = new URL('recommendations', withSlash(url));
        const found = (await ask({ url: target, body, timeoutMs, signal })) as Answers | null;
        return checked(found?.answers, found?.answers);
      } catch (error) {
        const local = standIn(error, wish);
        return userIds.map((userId) => ({ userId, ...local }));
      }
    },
  };
}

function withSlash(url: string | URL): URL {
  const { href } = new URL(url);
  return new URL(href.endsWith('/') ? href : `${href}/`);
}

/** Another server may answer at the same address: its answer is none. */
function checked<T>(value: T, list: unknown): NonNullable<T> {
  if (value !== null && value !== undefined && Array.isArray(list)) return value;
  throw new ClientError('malformed', 'status 200 came with what is no answer of topshelf');
}
