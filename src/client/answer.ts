/** One product. */
export interface Recommendation {
  productId: string;
  score: number;
}

/** The API's answer for one user, as `/openapi.json` describes it. */
export interface Answer {
  userId: string;
  placement: string;
  /** The batch of predictions that the answer is from. */
  version: string;
  source: 'personalized' | 'stale' | 'popular';
  /** There whenever `source` is not `personalized`. */
  reason?: Reason | undefined;
  recommendations: Recommendation[];
}

/** Why an answer is not personalized. */
export type Reason =
  'unknown-user' | 'store-timeout' | 'store-throttled' | 'store-error' | 'breaker-open' | 'overloaded';

/** The API's answers for many users, all from one version, in the order that was asked. */
export interface Answers {
  placement: string;
  version: string;
  answers: UserAnswer[];
}

/** One of many answers: `none` only where popular products were not wanted. */
export interface UserAnswer extends Omit<Answer, 'source'> {
  source: Answer['source'] | 'none';
}

/** The body of every error (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
}

/** What is shown where the API could not be asked: products of the list that the client was given. */
export interface LocalAnswer {
  userId: string;
  source: 'local';
  reason: LocalReason;
  recommendations: Recommendation[];
}

/** No answer in time, no connection, an error of the server or a placement without a version, or no answer of topshelf. */
export type LocalReason = 'timeout' | 'unreachable' | 'refused' | 'malformed';
