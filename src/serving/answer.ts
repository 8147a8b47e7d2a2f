import { hash } from 'node:crypto';
import type { RankedPair } from '../domain/prediction.ts';

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
  readonly recommendations: readonly RankedPair[];
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

/**
 * An answer's text and validator. The validator is a hash of the text, which names the version and holds all that the
 * blocked list and the parameters left: bound to everything that shaped the answer, whatever that will be.
 */
export function renderAnswer(content: AnswerContent): Answer {
  const { source, reason } = content;
  const body = textOf(content);
  const shaped = reason === undefined ? { source, body } : { source, reason, body };
  const isDegraded = source === 'stale' || (reason !== undefined && reason !== 'unknown-user');
  return isDegraded ? shaped : { ...shaped, etag: `"${hash('sha1', body, 'base64url')}"` };
}

/** What JSON.stringify would write, from pairs as they are stored: this is done for every user who is read. */
function textOf({ userId, placement, version, source, reason, recommendations }: AnswerContent): string {
  let list = '';
  for (const [productId, score] of recommendations) {
    list += `${list === '' ? '' : ','}{"productId":${JSON.stringify(productId)},"score":${score}}`;
  }
  const why = reason === undefined ? '' : `,"reason":"${reason}"`;
  const where = `"placement":${JSON.stringify(placement)},"version":${JSON.stringify(version)}`;
  return `{"userId":${JSON.stringify(userId)},${where},"source":"${source}"${why},"recommendations":[${list}]}`;
}
