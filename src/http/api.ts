import { createServer, type ServerOptions } from 'node:http';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply } from 'fastify';
import { createAdmission, type AdmissionOptions, type RequestLabels } from './admission.ts';
import { ignoreExpectations, onClientError, onUnroutable } from './client-errors.ts';
import { createPlainRoute } from './plain-route.ts';
import { problemOf, problems, sendProblem } from './problems.ts';
import { recommendationRoutes, type RecommendationRoutes } from './recommendations.ts';
import { useStrictValidation } from './validation.ts';

declare module 'fastify' {
  interface FastifyRequest {
    route: RequestLabels['route'];
    placement: RequestLabels['placement'];
    source: RequestLabels['source'];
  }
}

export interface ApiOptions extends RecommendationRoutes, AdmissionOptions {
  /** For requests that fail unexpectedly; nothing is logged of any other. */
  readonly logger: Pick<FastifyBaseLogger, 'error'>;
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
const SERVER_OPTIONS: ServerOptions = {
  maxHeaderSize: MAX_HEADER_BYTES,
  requestTimeout: REQUEST_TIMEOUT_MS,
  ...SLOW_SENDERS,
  // Longer than a load balancer's 60 s, so that it is never us who close a connection it is about to use.
  keepAliveTimeout: 72_000,
};

/** The API that shop front ends call. Binds no port: `listen` is for the process that runs it. */
export async function buildApi(options: ApiOptions): Promise<FastifyInstance> {
  const { logger, requests, onRequestEnded } = options;
  const admission = createAdmission(options);
  const logFailure = (error: unknown) => {
    logger.error({ err: error }, 'a request failed unexpectedly');
    return problems.unexpected();
  };
  const answersPlainly = createPlainRoute(options, admission, logFailure);
  const app = Fastify({
    logger: false, // it would write user ids, and cost more than the answer
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    serverFactory: (handle) => {
      const server = createServer(SERVER_OPTIONS, (request, response) => {
        if (!answersPlainly(request, response)) handle(request, response);
      });
      return server.setTimeout(CONNECTION_TIMEOUT_MS);
    },
    frameworkErrors: (error, _request, reply) => void onUnroutable(error, reply as FastifyReply),
    clientErrorHandler: onClientError,
    return503OnClosing: false, // requests on connections that are still open get their answer
  });
  app.removeContentTypeParser('text/plain');
  ignoreExpectations(app.server);
  useStrictValidation(app);
  app.decorateRequest('route', undefined);
  app.decorateRequest('placement', undefined);
  app.decorateRequest('source', undefined);

  app.addHook('onRequest', (request, reply, done) => {
    request.route = request.routeOptions.url;
    if (admission.admit(request.raw, reply.raw, request)) return done();
    const { route = 'none', placement, source } = request;
    onRequestEnded({ route, placement, source, status: 503, seconds: 0 });
    void sendProblem(reply, problems.overloaded(requests.inFlight()));
  });
  app.setNotFoundHandler((request, reply) => sendProblem(reply, problems.unknownRoute(request.method)));
  app.setErrorHandler((error: Error, _request, reply) => sendProblem(reply, problemOf(error, logFailure)));

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
