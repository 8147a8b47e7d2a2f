import type { Socket } from 'node:net';
import swagger from '@fastify/swagger';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { ConcurrencyLimit } from '../resilience/concurrency-limit.ts';
import { ignoreExpectations, onClientError, onUnroutable } from './client-errors.ts';
import type { Source } from '../serving/answer.ts';
import { problems, sendProblem } from './problems.ts';
import { recommendationRoutes, type RecommendationRoutes } from './recommendations.ts';
import { BadRequestError, useStrictValidation } from './validation.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** For the measurement of the request; set once they are known. */
    placement: string | undefined;
    source: Source | undefined;
  }
}

/** One request that ended, for whoever counts it. */
export interface EndedRequest {
  readonly route: string;
  readonly placement: string | undefined;
  readonly source: Source | undefined;
  readonly status: number;
  readonly seconds: number;
}

export interface ApiOptions extends RecommendationRoutes {
  /** For requests that fail unexpectedly; nothing is logged of any other. */
  readonly logger: Pick<FastifyBaseLogger, 'error'>;
  /** Requests under way. */
  readonly requests: ConcurrencyLimit;
  /** While true every answer closes its connection, so that none is idle when the listener ends. */
  readonly isDraining: () => boolean;
  readonly onRequestEnded: (ended: EndedRequest) => void;
}

// Longest path segment that is matched at all: a user id of 128 bytes, each percent-encoded, and room to say 400.
const MAX_PARAM_LENGTH = 2048;
// The largest POST that is allowed: 200 ids of 128 bytes, each written as \uXXXX.
const BODY_LIMIT_BYTES = 192 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
/** Slow senders are cut off; an answer of ours takes a tenth of a second. */
export const REQUEST_TIMEOUT_MS = 5_000;
/**
 * Of Node's server. It looks for slow senders every 30 s unless told otherwise. Its timeout of headers, 60 s, must be told,
 * too: Node takes the shorter of the two for headers and the longer one for the whole request, whichever is which.
 */
export const SLOW_SENDERS = { headersTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: 1_000 };
/** Connections on which nothing moves while a request is under way: whoever reads no answer is cut off, too. */
export const CONNECTION_TIMEOUT_MS = 10_000;
/**
 * Requests of one connection that are under way at once, sent without waiting for answers. Whoever never reads the answers
 * keeps so many places until the connection is cut off, and not all there are.
 */
const MAX_PER_CONNECTION = 16;
// Longer than a load balancer's 60 s, so that it is never us who close a connection it is about to use.
const KEEP_ALIVE_TIMEOUT_MS = 72_000;

// A property of the connection: a map from connections would cost more than all else that is counted.
const UNDER_WAY = Symbol('requests under way');
type Connection = Socket & { [UNDER_WAY]?: number };

/** The API that shop front ends call. Binds no port: `listen` is for the process that runs it. */
export async function buildApi(options: ApiOptions): Promise<FastifyInstance> {
  const { logger, requests, isDraining, onRequestEnded } = options;
  const app = Fastify({
    logger: false, // it would write user ids, and cost more than the answer
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    http: { maxHeaderSize: MAX_HEADER_BYTES, ...SLOW_SENDERS },
    frameworkErrors: (error, _request, reply) => void onUnroutable(error, reply as FastifyReply),
    clientErrorHandler: onClientError,
    return503OnClosing: false, // requests on connections that are still open get their answer
  });
  app.removeContentTypeParser('text/plain');
  ignoreExpectations(app.server);
  useStrictValidation(app);
  app.decorateRequest('placement', undefined);
  app.decorateRequest('source', undefined);

  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = reply;
    if (isDraining()) raw.setHeader('connection', 'close');
    const connection: Connection = request.raw.socket;
    const { [UNDER_WAY]: pipelined = 0 } = connection;
    if (pipelined >= MAX_PER_CONNECTION || !requests.tryEnter()) {
      onRequestEnded({ ...labelsOf(request), status: 503, seconds: 0 });
      void sendProblem(reply, problems.overloaded(requests.inFlight()));
      return;
    }
    connection[UNDER_WAY] = pipelined + 1;
    const startedAt = performance.now();
    // Fastify's own hook for this costs several times as much, and is not called when a caller has left.
    raw.on('close', () => {
      requests.leave();
      connection[UNDER_WAY] = (connection[UNDER_WAY] ?? 1) - 1;
      if (!raw.writableEnded) return;
      const seconds = (performance.now() - startedAt) / 1000;
      onRequestEnded({ ...labelsOf(request), status: raw.statusCode, seconds });
    });
    done();
  });
  app.setNotFoundHandler((request, reply) => sendProblem(reply, problems.unknownRoute(request.method)));
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
    if (error instanceof BadRequestError) return sendProblem(reply, problems.badRequest(error.message));
    const { statusCode = 500, message } = error;
    if (statusCode >= 400 && statusCode < 500)
      return sendProblem(reply, problems.refused(statusCode, message));
    logger.error({ err: error }, 'a request failed unexpectedly');
    return sendProblem(reply, problems.unexpected());
  });

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'topshelf',
        description:
          'The top products for every user of a shop. An internal API, for the shop’s own servers.',
        version: '1',
      },
    },
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.register((scope, _, done) => {
    recommendationRoutes(scope, options);
    done();
  });
  await app.ready();
  return app;
}

function labelsOf({ routeOptions, placement, source }: FastifyRequest) {
  return { route: routeOptions.url ?? 'none', placement, source };
}
