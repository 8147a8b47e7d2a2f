import type { RankedPair } from '../domain/prediction.ts';
import { textValidator } from './validator.ts';

/** Where an answer came from; `none` only where the caller asked for no fallback. */
export type Source = 'personalized' | 'stale' | 'popular' | 'none';

/** Why an answer is not personalized. */
export type Reason =
  'unknown-user' | 'store-timeout' | 'store-throttled' | 'store-error' | 'breaker-open' | 'overloaded';

/** One user's answer, ready to send. */
export interface Answer {
  readonly source: Source;
  readonly reason?: Reason;
  /** The answer as JSON text. */
  readonly body: string;
  /** Strong validator of `body`; answers that a failure shaped have none. */
  readonly etag?: string;
}

/** What the text of an answer says, in this order. */
export interface AnswerContent {
  readonly userId: string;
  readonly placement: string;
  readonly version: string;
  readonly source: Source;
  readonly reason?: Reason | undefined;
  /** JSON text, as `recommendationsText` writes it. */
  readonly recommendations: string;
}

/** The first `limit` recommendations that are neither blocked nor excluded, in their order. */
export function pick(
  recommendations: readonly RankedPair[],
  limit: number,
  blocked: ReadonlySet<string>,
  excluded: ReadonlySet<string>,
): RankedPair[] {
  const picked: RankedPair[] = [];
  for (const recommendation of recommendations) {
    if (picked.length === limit) break;
    const [productId] = recommendation;
    if (!blocked.has(productId) && !excluded.has(productId)) picked.push(recommendation);
  }
  return picked;
}

/** Recommendations as JSON text. */
export function recommendationsText(pairs: readonly RankedPair[]): string {
  const list = pairs.map(([productId, score]) =>
    recommendationText(JSON.stringify(productId), String(score)),
  );
  return `[${list.join(',')}]`;
}

/** One recommendation as JSON text, from the JSON text of its parts. */
export function recommendationText(productId: string, score: string): string {
  return `{"productId":${productId},"score":${score}}`;
}

/** An answer that was made for this caller, with a validator of its text. What a failure shaped has none. */
export function renderAnswer(content: AnswerContent): Answer {
  const { source, reason } = content;
  const body = answerText(content);
  const why = reason === undefined ? {} : { reason };
  const isAsStored = source === 'personalized' || reason === 'unknown-user';
  return isAsStored ? { source, ...why, body, etag: textValidator(body) } : { source, ...why, body };
}

/** The answer as JSON text. */
export function answerText({
  userId,
  placement,
  version,
  source,
  reason,
  recommendations,
}: AnswerContent): string {
  const why = reason === undefined ? '' : `,"reason":"${reason}"`;
  const where = `"placement":${JSON.stringify(placement)},"version":${JSON.stringify(version)}`;
  return `{"userId":${JSON.stringify(userId)},${where},"source":"${source}"${why},"recommendations":${recommendations}}`;
}
