import type { FastifyReply } from 'fastify';
import type { Answer } from '../serving/answer.ts';
import { MAX_PER_CONNECTION } from './admission.ts';
import { BadRequestError } from './validation.ts';

/** An error as a caller of the API sees it. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly retryAfterSeconds?: number;
}

export const PROBLEM_TYPE = 'application/problem+json';
const TYPE = 'about:blank';
const RETRY_AFTER_SECONDS = 1;

/** Every error of the API and its status. */
export const problems = {
  badRequest: (detail: string): Problem => ({ status: 400, title: 'Bad request', detail }),
  unknownRoute: (method: string): Problem => ({
    status: 404,
    title: 'Not found',
    detail: `there is nothing here for ${method}; the API lists what there is under /openapi.json`,
  }),
  unknownOpsRoute: (method: string): Problem => ({
    status: 404,
    title: 'Not found',
    detail: `there is nothing here for ${method}; GET /livez, /readyz, /metrics and /status are all there is`,
  }),
  unknownPlacement: (placement: string): Problem => ({
    status: 404,
    title: 'Unknown placement',
    detail: `no version of placement ${placement} was ever activated; topshelf publish --placement ${placement} does it`,
  }),
  notReady: (placement: string): Problem => ({
    status: 503,
    title: 'Not ready',
    detail: `placement ${placement} has no live version yet; /status on the ops port tells why`,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  }),
  overloaded: (inFlight: number): Problem => ({
    status: 503,
    title: 'Overloaded',
    detail:
      `${inFlight} requests are under way, and there is no place for another, or none on this connection ` +
      `(${MAX_PER_CONNECTION} at most); try again`,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  }),
  noPrediction: ({ reason }: Answer): Problem =>
    reason === 'unknown-user'
      ? { status: 404, title: 'Unknown user', detail: 'the live version has no prediction for this user' }
      : {
          status: 503,
          title: 'Prediction not readable',
          detail: `the prediction cannot be read now: ${reason}; fallback=popular gives popular products instead`,
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        },
  refused: (status: number, detail: string): Problem => ({ status, title: 'Request refused', detail }),
  unexpected: (): Problem => ({
    status: 500,
    title: 'Unexpected error',
    detail: 'the request failed; the server’s log tells why',
  }),
} as const;

/** What a caller is told of an error: of a refusal what it says, of any other what `onFailure` makes of it. */
export function problemOf(
  error: Error & { readonly statusCode?: number },
  onFailure: (error: unknown) => Problem,
): Problem {
  const { statusCode = 500, message } = error;
  if (statusCode < 400 || statusCode >= 500) return onFailure(error);
  return error instanceof BadRequestError
    ? problems.badRequest(message)
    : problems.refused(statusCode, message);
}

/** Answers with a problem document, as RFC 9457 has it. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, retryAfterSeconds } = problem;
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  return reply.code(status).header('cache-control', 'no-store').type(PROBLEM_TYPE).send(problemBody(problem));
}

/** The text of a problem document. */
export function problemBody({ title, status, detail }: Problem): string {
  return JSON.stringify({ type: TYPE, title, status, detail });
}
