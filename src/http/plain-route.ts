import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from '../serving/answer.ts';
import { DEFAULT_WISH } from '../serving/rendering.ts';
import type { Admission, RequestLabels } from './admission.ts';
import { problemBody, PROBLEM_TYPE, type Problem } from './problems.ts';
import { USER_ROUTE, type RecommendationRoutes } from './recommendations.ts';
import { sendAnswer } from './send-answer.ts';

const PREFIX = '/recommendations/';
// RFC 3986's pchar without percent-encoding, and without `;`, behind which some put parameters. An id of these is valid
// as it stands.
const PLAIN_PATH = /^\/recommendations\/[A-Za-z0-9._~!$&'()*+,=:@-]{1,128}$/;

/**
 * Answers what nearly all callers send, `GET /recommendations/:userId` without parameters, before Fastify: its routing and
 * validation cost as much as the answer. False where there is more to a request, or to say to it, than that: then nothing
 * has been done, and Fastify's route of the same path gives the same answers. `onFailure` says what to send where that
 * fails.
 */
export function createPlainRoute(
  { lookUp, service, defaultPlacement }: RecommendationRoutes,
  admission: Admission,
  onFailure: (error: unknown) => Problem,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const { method, url = '' } = request;
    if (method !== 'GET' || !PLAIN_PATH.test(url)) return false;
    const found = lookUp(defaultPlacement);
    if (found.kind !== 'live') return false;
    const userId = url.slice(PREFIX.length);
    const labels: RequestLabels = { route: USER_ROUTE, placement: defaultPlacement, source: undefined };
    const attempt = (work: () => void) => {
      try {
        work();
      } catch (error) {
        sendFailure(response, onFailure(error));
      }
    };
    const send = (answer: Answer) => {
      labels.source = answer.source;
      attempt(() => sendAnswer(request, response, answer));
    };
    return admission.admit(request, response, labels, () =>
      attempt(() => service.answer(found.live, userId, DEFAULT_WISH, send)),
    );
  };
}

function sendFailure(response: ServerResponse, problem: Problem): void {
  // Half of an answer is no answer: the caller must not take it for one.
  if (response.headersSent) return void response.destroy();
  const headers = { 'content-type': `${PROBLEM_TYPE}; charset=utf-8`, 'cache-control': 'no-store' };
  response.writeHead(problem.status, headers).end(problemBody(problem));
}
