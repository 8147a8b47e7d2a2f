import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply } from 'fastify';
import { onClientError, onUnroutable } from '../http/client-errors.ts';
import { problems, sendProblem } from '../http/problems.ts';
import { guardHosts, requireToken } from './access.ts';
import { actionRoutes } from './actions.ts';
import { createOverview, type OverviewParts } from './overview.ts';
import { servePage } from './page-files.ts';
import { lookUpRoute, readingRoutes } from './placement-routes.ts';
import { problemOf } from './problems.ts';

export interface ConsoleOptions extends OverviewParts {
  /** What actions and look-ups of users need, as a bearer token. */
  readonly token: string;
  /** Names under which it answers, beside those of loopback. */
  readonly hosts: readonly string[];
  /** One line for each action, and for defects; nothing else. */
  readonly logger: Pick<FastifyBaseLogger, 'info' | 'error'>;
}

const BODY_LIMIT_BYTES = 64 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * The page for people on call, and the API behind it. It has the publisher's role, and is a process of its own because
 * servers must not have it. Binds no port: `listen` is for the process that runs it.
 */
export async function buildConsole(options: ConsoleOptions): Promise<FastifyInstance> {
  const { context, titles, token, hosts, logger } = options;
  const overview = createOverview(options);
  const app = Fastify({
    logger: false, // it would write what comes in, and look-ups hold user ids
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    frameworkErrors: (error, _request, reply) => void onUnroutable(error, reply as FastifyReply),
    clientErrorHandler: onClientError,
  });
  app.removeContentTypeParser('text/plain');
  guardHosts(app, hosts);
  app.setNotFoundHandler(({ method }, reply) =>
    sendProblem(reply, { status: 404, title: 'Not found', detail: `there is nothing here for ${method}` }),
  );
  app.setErrorHandler((error, _request, reply) => {
    const problem = problemOf(error);
    if (problem === undefined) logger.error({ err: error }, 'a request of the console failed unexpectedly');
    return sendProblem(reply, problem ?? problems.unexpected());
  });

  await servePage(app);
  app.get('/api/placements', () => overview.read());
  await app.register(
    (scope, _, done) => {
      readingRoutes(scope, context);
      done();
    },
    { prefix: '/api/placements' },
  );
  // Says only whether the token fits, so that nobody learns it once an action is filled in.
  app.get('/api/token', { onRequest: requireToken(token) }, (_, reply) => reply.code(204).send());
  await app.register(
    (scope, _, done) => {
      scope.addHook('onRequest', requireToken(token));
      lookUpRoute(scope, context, titles);
      actionRoutes(scope, { context, logger, onMoved: () => overview.forget() });
      done();
    },
    { prefix: '/api/placements' },
  );
  await app.ready();
  return app;
}
