import { STATUS_CODES } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { LiveVersion } from '../serving/live-version.ts';
import type { PlacementLookup } from '../serving/placements.ts';
import type { PredictionService } from '../serving/prediction-service.ts';
import { NOTHING_EXCLUDED, type Wish } from '../serving/rendering.ts';
import { PROBLEM_TYPE, problems, sendProblem } from './problems.ts';
import {
  answer,
  answerQuery,
  answers,
  answersBody,
  jsonSchema,
  noQuery,
  problem,
  userParams,
  type AnswerQuery,
  type AnswersBody,
  type UserParams,
} from './schemas.ts';
import { JSON_TYPE, sendAnswer } from './send-answer.ts';
import { checkExcluded, checkUserId, parseExcluded } from './validation.ts';

export const USER_ROUTE = '/recommendations/:userId';

export interface RecommendationRoutes {
  readonly lookUp: (placement: string) => PlacementLookup;
  readonly service: Pick<PredictionService, 'answer' | 'answerMany'>;
  readonly defaultPlacement: string;
}

const problemSchema = jsonSchema(problem, 'output');

/** These statuses, each with a problem document, for the schema of a route. */
function problemResponses(...statuses: number[]): Record<number, object> {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: STATUS_CODES[status], content: { [PROBLEM_TYPE]: { schema: problemSchema } } },
    ]),
  );
}

/** `GET /recommendations/:userId` and `POST /recommendations`. */
export function recommendationRoutes(app: FastifyInstance, options: RecommendationRoutes): void {
  const { service, lookUp, defaultPlacement } = options;

  /**
   * The live version of a placement, read once for the request; undefined where a problem was sent instead. Only a
   * placement that has one becomes a label: any other name is the caller's invention, and each would be a new series.
   */
  function findLive(placement: string, reply: FastifyReply): LiveVersion | undefined {
    const found = lookUp(placement);
    if (found.kind === 'live') return found.live;
    void sendProblem(reply, problems[found.kind === 'absent' ? 'unknownPlacement' : 'notReady'](placement));
    return undefined;
  }

  app.get<{ Params: UserParams; Querystring: AnswerQuery }>(
    USER_ROUTE,
    {
      schema: {
        summary: 'The top products for one user',
        params: jsonSchema(userParams, 'input'),
        querystring: jsonSchema(answerQuery, 'input'),
        response: {
          200: jsonSchema(answer, 'output'),
          304: { description: 'not modified' },
          ...problemResponses(400, 404, 408, 414, 431, 500, 503),
        },
      },
    },
    (request, reply) => {
      const { userId } = request.params;
      const { placement = defaultPlacement, limit, exclude, fallback } = request.query;
      checkUserId(userId);
      const excluded = exclude.length === 0 ? NOTHING_EXCLUDED : new Set(parseExcluded(exclude));
      const live = findLive(placement, reply);
      if (live === undefined) return;
      request.placement = placement;
      // Nothing is returned: Fastify would take a reply for a promise, and listen for its end.
      service.answer(live, userId, { limit, excluded, fallback }, (found) => {
        try {
          request.source = found.source;
          if (found.source === 'none') return void sendProblem(reply, problems.noPrediction(found));
          sendAnswer(request.raw, reply.raw, found);
          reply.hijack(); // not before: of an answer that could not be sent, the reply tells
        } catch (error) {
          reply.raw.statusMessage = ''; // that of a head which was refused would stay
          void reply.send(error);
        }
      });
    },
  );

  app.post<{ Body: AnswersBody }>(
    '/recommendations',
    {
      schema: {
        summary: 'The top products for up to 100 users',
        body: jsonSchema(answersBody, 'input'),
        querystring: jsonSchema(noQuery, 'input'),
        response: {
          200: jsonSchema(answers, 'output'),
          ...problemResponses(400, 404, 408, 413, 415, 431, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const { userIds, placement = defaultPlacement, limit, exclude, fallback } = request.body;
      userIds.forEach(checkUserId);
      checkExcluded(exclude);
      const live = findLive(placement, reply);
      if (live === undefined) return reply;
      request.placement = placement;
      const wish: Wish = { limit, excluded: new Set(exclude), fallback };
      const found = await service.answerMany(live, userIds, wish);
      const head = JSON.stringify({ placement, version: live.pointer.version }).slice(0, -1);
      const body = `${head},"answers":[${found.map((each) => each.body).join(',')}]}`;
      return reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE).send(body);
    },
  );
}
