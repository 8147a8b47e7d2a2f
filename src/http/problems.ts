import type { FastifyReply } from 'fastify';
import type { Answer } from '../serving/answer.ts';

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
    detail: `${inFlight} requests are under way; try again`,
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
