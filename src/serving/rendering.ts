import { decodePairs, type RankedPair } from '../domain/prediction.ts';
import { answerText, pick, recommendationsText, renderAnswer, type Answer, type Reason } from './answer.ts';
import { firstRecommendations } from './first-recommendations.ts';
import type { LiveVersion } from './live-version.ts';
import type { Prediction } from './prediction-cache.ts';
import { textValidator, userValidator } from './validator.ts';

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
export const DEFAULT_WISH: Wish = { limit: DEFAULT_LIMIT, excluded: NOTHING_EXCLUDED, fallback: 'popular' };

/**
 * The text of the answer that most callers ask for, to be kept beside the prediction it comes from. Throws what
 * `decodePairs` does, but looks only as far into the list as it must.
 */
export function renderDefault({ pointer, blocked }: LiveVersion, userId: string, items: string): string {
  const recommendations =
    firstRecommendations(items, DEFAULT_LIMIT, blocked) ??
    recommendationsText(pick(decodePairs(items), DEFAULT_LIMIT, blocked, NOTHING_EXCLUDED));
  const { placement, version } = pointer;
  return answerText({ userId, placement, version, source: 'personalized', recommendations });
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
  const body = prediction.blocked === live.blocked ? prediction.body : renderAnew(live, userId, prediction);
  const etag = live.tag === undefined ? textValidator(body) : userValidator(live.tag, userId);
  return { source: 'personalized', body, etag };
}

/** Since it was kept, other products have been blocked. */
function renderAnew(live: LiveVersion, userId: string, { items, readAtMs }: Prediction): string {
  const body = renderDefault(live, userId, items);
  live.state.predictions.set(userId, { items, readAtMs, body, blocked: live.blocked });
  return body;
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
