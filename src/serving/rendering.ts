import { decodeFirstPairs, decodePairs, type RankedPair } from '../domain/prediction.ts';
import { pick, renderAnswer, type Answer, type Reason } from './answer.ts';
import type { LiveVersion } from './live-version.ts';
import type { CachedPrediction } from './prediction-cache.ts';

/** What a caller asks of a placement, besides the users. */
export interface Wish {
  /** Most recommendations of an answer. */
  readonly limit: number;
  readonly excluded: ReadonlySet<string>;
  /** `none`: no popular products in place of a prediction. */
  readonly fallback: 'popular' | 'none';
}

/** What most callers ask for: its answers are kept ready. */
export const DEFAULT_LIMIT = 5;
export const NOTHING_EXCLUDED: ReadonlySet<string> = new Set();
const DEFAULT_WISH: Wish = { limit: DEFAULT_LIMIT, excluded: NOTHING_EXCLUDED, fallback: 'popular' };

/**
 * The answer that most callers ask for, to be kept beside the prediction it comes from. Throws what `decodePairs` does,
 * but looks only as far into the list as it must.
 */
export function renderDefault(
  live: LiveVersion,
  userId: string,
  items: string,
): CachedPrediction['rendered'] {
  const first = decodeFirstPairs(items, DEFAULT_LIMIT);
  const isEnough = live.blocked.size === 0 || !first.some(([productId]) => live.blocked.has(productId));
  const list = isEnough ? first : decodePairs(items);
  return {
    blocked: live.blocked,
    answer: renderList(live, userId, DEFAULT_WISH, 'personalized', list),
  };
}

/** The kept answer where it fits, else one rendered from the kept prediction: it is never read again for that. */
export function renderPersonalized(
  live: LiveVersion,
  userId: string,
  wish: Wish,
  prediction: CachedPrediction,
): Answer {
  if (wish.limit !== DEFAULT_LIMIT || wish.excluded.size > 0) {
    return renderList(live, userId, wish, 'personalized', decodePairs(prediction.items));
  }
  if (prediction.rendered.blocked !== live.blocked) {
    prediction.rendered = renderDefault(live, userId, prediction.items);
  }
  return prediction.rendered.answer;
}

/** What a user gets for whom there is no prediction: `aged` past its age, else popular products, else nothing. */
export function renderInstead(
  live: LiveVersion,
  userId: string,
  wish: Wish,
  reason: Reason,
  aged: CachedPrediction | undefined,
): Answer {
  if (aged !== undefined) return renderList(live, userId, wish, 'stale', decodePairs(aged.items), reason);
  return wish.fallback === 'none'
    ? renderList(live, userId, wish, 'none', [], reason)
    : renderList(live, userId, wish, 'popular', live.popular, reason);
}

function renderList(
  { pointer: { placement, version }, blocked }: LiveVersion,
  userId: string,
  { limit, excluded }: Wish,
  source: Answer['source'],
  list: readonly RankedPair[],
  reason?: Reason,
): Answer {
  const recommendations = pick(list, limit, blocked, excluded);
  return renderAnswer({ userId, placement, version, source, reason, recommendations });
}
