import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { MAX_ID_BYTES } from '../domain/ids.ts';
import type { Answer } from '../serving/answer.ts';
import { DEFAULT_WISH } from '../serving/rendering.ts';
import type { Admission, RequestLabels } from './admission.ts';
import { problemBody, PROBLEM_TYPE, type Problem } from './problems.ts';
import { USER_ROUTE, type RecommendationRoutes } from './recommendations.ts';
import { sendAnswer } from './send-answer.ts';

const PREFIX = '/recommendations/';
// RFC 3986's pchar without percent-encoding, and without `;`, behind which some put parameters. An id of these is valid
// as it stands.
const PLAIN_PATH = new RegExp(`^${PREFIX}[A-Za-z0-9._~!$&'()*+,=:@-]{1,${MAX_ID_BYTES}}$`);

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
  const attempt = (response: ServerResponse, work: () => void) => {
    try {
      work();
    } catch (error) {
      sendFailure(response, onFailure(error));
    }
  };
  return (request, response) => {
    const { method, url = '' } = request;
    if (method !== 'GET' || !PLAIN_PATH.test(url)) return false;
    const found = lookUp(defaultPlacement);
    if (found.kind !== 'live') return false;
    const userId = url.slice(PREFIX.length);
    const labels: RequestLabels = { route: USER_ROUTE, placement: defaultPlacement, source: undefined };
    if (!admission.admit(request, response, labels)) return false;
    const send = (answer: Answer) => {
      labels.source = answer.source;
      attempt(response, () => sendAnswer(request, response, answer));
    };
    attempt(response, () => service.answer(found.live, userId, DEFAULT_WISH, send));
    return true;
  };
}

function sendFailure(response: ServerResponse, problem: Problem): void {
  // Half of an answer is no answer: the caller must not take it for one.
  if (response.headersSent) return void response.destroy();
  const { status } = problem;
  const body = problemBody(problem);
  // All of it anew: the status text and the length of an answer whose head was refused would stay.
  response
    .writeHead(status, STATUS_CODES[status], {
      'content-type': `${PROBLEM_TYPE}; charset=utf-8`,
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(body),
    })
    .end(body);
}
