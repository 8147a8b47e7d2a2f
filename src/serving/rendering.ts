import { decodePairs, type RankedPair } from '../domain/prediction.ts';
import { pick, recommendationsText, renderAnswer, type Answer, type Reason } from './answer.ts';
import { firstRecommendations } from './first-recommendations.ts';
import type { LiveVersion } from './live-version.ts';
import type { Prediction } from './prediction-cache.ts';

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
export function renderDefault(live: LiveVersion, userId: string, items: string): Answer {
  const recommendations = firstRecommendations(items, DEFAULT_LIMIT, live.blocked);
  if (recommendations === undefined) {
    return renderList(live, userId, DEFAULT_WISH, 'personalized', decodePairs(items));
  }
  const { placement, version } = live.pointer;
  return renderAnswer({ userId, placement, version, source: 'personalized', recommendations });
}

/** The kept answer where it fits, else one rendered from the kept prediction: it is never read again for that. */
export function renderPersonalized(
  live: LiveVersion,
  userId: string,
  wish: Wish,
  prediction: Prediction,
): Answer {
  if (wish.limit !== DEFAULT_LIMIT || wish.excluded.size > 0) {
    return renderList(live, userId, wish, 'personalized', decodePairs(prediction.items));
  }
  const { readAtMs, blocked } = prediction;
  if (blocked === live.blocked) return prediction.answer;
  const { items } = prediction;
  const answer = renderDefault(live, userId, items);
  live.state.predictions.set(userId, { items, readAtMs, answer, blocked: live.blocked });
  return answer;
}

/** What a user gets for whom there is no prediction: `aged` past its age, else popular products, else nothing. */
export function renderInstead(
  live: LiveVersion,
  userId: string,
  wish: Wish,
  reason: Reason,
  aged: Prediction | undefined,
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
  const recommendations = recommendationsText(pick(list, limit, blocked, excluded));
  return renderAnswer({ userId, placement, version, source, reason, recommendations });
}
