import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
} from 'fastify';
import { CONNECTION_TIMEOUT_MS, REQUEST_TIMEOUT_MS, SLOW_SENDERS } from './api.ts';
import { ignoreExpectations, onClientError, onUnroutable } from './client-errors.ts';
import { problemOf, problems, sendProblem } from './problems.ts';
import type { LifecycleState } from '../serving/lifecycle.ts';
import type { Placement } from '../serving/placement.ts';

export interface OpsOptions {
  readonly logger: FastifyBaseLogger;
  readonly state: () => LifecycleState;
  readonly placements: () => Iterable<Placement>;
  /** The text of all metrics, as Prometheus reads it. */
  readonly metrics: () => Promise<string>;
  readonly startedAt: string;
}

const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The listener for probes, Prometheus and people on call: nothing here names a user or holds a secret.
 * `/livez` never looks at anything outside the process, and `/readyz` never at the store: a dependency that is away
 * must not get servers restarted or taken out, while they answer from memory.
 */
export async function buildOps(options: OpsOptions): Promise<FastifyInstance> {
  const { logger, state, placements, metrics, startedAt } = options;
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // Fastify's own is none at all, and the ops port may be open to a whole network.
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    http: SLOW_SENDERS,
    frameworkErrors: (error, _request, reply) => void onUnroutable(error, reply as FastifyReply),
    clientErrorHandler: onClientError,
  });
  ignoreExpectations(app.server);
  app.setNotFoundHandler((request, reply) => sendProblem(reply, problems.unknownOpsRoute(request.method)));
  const logFailure = (error: unknown) => {
    logger.error({ err: error }, 'the ops listener failed unexpectedly');
    return problems.unexpected();
  };
  app.setErrorHandler((error: Error, _request, reply) => sendProblem(reply, problemOf(error, logFailure)));

  app.get('/livez', () => ({ status: 'alive' }));
  app.get('/readyz', (_, reply) => reply.code(state() === 'ready' ? 200 : 503).send({ status: state() }));
  app.get('/metrics', async (_, reply) =>
    reply.header('content-type', PROMETHEUS_TYPE).send(await metrics()),
  );
  app.get('/status', () => ({ status: state(), startedAt, placements: [...placements()].map(describe) }));

  await app.ready();
  return app;
}

function describe({ name, live, watcher }: Placement) {
  const seen = {
    pointer: watcher.sight,
    pointerRefused: watcher.refusal ?? null,
    pointerLastReadAt: watcher.lastReadAt ?? null,
  };
  if (live === undefined) return { placement: name, ...seen, epoch: null, version: null };
  const { epoch, version, table, generatedAt, activatedAt, activatedBy, reason, hold, signature } =
    live.pointer;
  return {
    placement: name,
    ...seen,
    epoch,
    version,
    table,
    generatedAt,
    activatedAt,
    activatedBy,
    reason,
    signedBy: signature?.keyId ?? null,
    hold,
    adoptedAt: live.adoptedAt,
    blocked: live.pointer.blocked,
    breaker: live.state.reads.breakerState,
  };
}
