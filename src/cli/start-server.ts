import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { ServerConfig } from '../config/config.ts';
import { messageOf, UsageError } from '../domain/errors.ts';
import { buildApi } from '../http/api.ts';
import { buildOps } from '../http/ops.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { observeServing, scrape } from '../metrics/observe-serving.ts';
import { createConcurrencyLimit } from '../resilience/concurrency-limit.ts';
import { pause } from '../resilience/deadline.ts';
import { Lifecycle } from '../serving/lifecycle.ts';
import { logServing } from '../serving/log-serving.ts';
import { observeAll } from '../serving/observer.ts';
import { createSavedPointers, readBootstrapPointers } from '../serving/saved-pointers.ts';
import { createServing } from '../serving/serving.ts';
import { createSignedReader } from '../store/dynamodb-signed-reader.ts';
import { decoderFor } from '../pointer/signature.ts';
import { openPointers } from './adapters.ts';
import { openPointerKeys } from './pointer-keys.ts';

export interface RunningServer {
  /** URLs without a slash at the end. */
  readonly api: string;
  readonly ops: string;
  /** Resolves when every placement known at the start has had its first try. */
  readonly started: Promise<void>;
  /** Resolves when the server has become ready: something is live. */
  readonly ready: Promise<void>;
  /** Drains and ends everything; resolves within the drain and shutdown times. */
  close(): Promise<void>;
}

// Beside the reads under way, connections for those whose callers have left.
const SPARE_SOCKETS = 64;
const SWEEP_MS = 100;
/**
 * The heap in use, 30 to 40 MB, may be left behind by three times as much garbage before V8 looks through all of it. By
 * itself it does that after a fifth, every few seconds under load, and on a busy core each time takes 30 ms: with 1 % of
 * reads 50 ms late that was half of p99.9 (`npm run load-test -- stragglers`).
 */
const HEAP_GROWTH = '--heap-growing-percent=300';

/**
 * Starts a server: its listeners are up when this resolves, its first versions when `ready` does.
 * Throws UsageError where an address cannot be listened on, and what reading the keys or the bootstrap pointers throws.
 */
export async function startServer(config: ServerConfig, logger: Logger): Promise<RunningServer> {
  const startedAt = new Date().toISOString();
  setFlagsFromString(HEAP_GROWTH);
  const decode = decoderFor(await openPointerKeys(config.pointerKeys));
  const bootstrap = await readBootstrapPointers(config.bootstrapPointers, decode);
  const metrics = createMetrics();
  const ready = Promise.withResolvers<undefined>();
  const lifecycle = new Lifecycle((from, to) => {
    logger.info({ from, to }, `the server is ${to}`);
    if (to === 'ready') ready.resolve(undefined);
  });
  const observer = observeAll(observeServing(metrics), logServing(logger), { adopted: () => becomeReady() });

  const source = await openPointers(config);
  const reader = createSignedReader({
    ...config.dynamodb,
    maxSockets: config.maxReadsInFlight + SPARE_SOCKETS,
  });
  const saved = createSavedPointers(config.savedPointersDir, decode);
  const serving = createServing({ config, source, decode, reader, saved, bootstrap, observer });
  const { placements, service } = serving;

  function becomeReady(): void {
    if (placements.isReady) lifecycle.advance('ready');
  }

  const requests = createConcurrencyLimit(config.maxRequestsInFlight);
  const api = await buildApi({
    logger,
    service,
    lookUp: (placement) => placements.lookUp(placement),
    defaultPlacement: config.defaultPlacement,
    requests,
    isDraining: () => lifecycle.state === 'draining',
    onRequestEnded: ({ seconds, route, placement = '', source: from = '', status }) =>
      metrics.requestSeconds.observe(seconds, route, placement, from, String(status)),
  });
  const ops = await buildOps({
    logger,
    state: () => lifecycle.state,
    placements: () => placements.all(),
    metrics: () => scrape(metrics, { ...serving, requests }, lifecycle.state),
    startedAt,
  });

  async function end(): Promise<void> {
    await closeApi(api, config.shutdownTimeoutMs);
    await serving.close();
    await source.close();
    reader.close();
    lifecycle.advance('closed');
    await ops.close();
  }

  try {
    await listen(api, config.api, 'PORT');
    await listen(ops, config.ops, 'OPS_PORT');
  } catch (error) {
    await end();
    throw error;
  }
  const started = placements.start().then(becomeReady);

  let closing: Promise<void> | undefined;
  async function drain(): Promise<void> {
    lifecycle.advance('draining');
    await pause(config.drainDelayMs);
    await end();
  }

  return {
    api: addressOf(api),
    ops: addressOf(ops),
    started,
    ready: ready.promise,
    close: () => (closing ??= drain()),
  };
}

async function listen(
  app: FastifyInstance,
  address: { host: string; port: number },
  variable: string,
): Promise<void> {
  try {
    await app.listen({ ...address });
  } catch (error) {
    throw new UsageError(
      `cannot listen on ${address.host}:${address.port} (${messageOf(error)}); set ${variable} to a free port`,
      { cause: error },
    );
  }
}

/** Ends new connections at once and those that are open as they fall idle; at the timeout, all of them. */
async function closeApi(api: FastifyInstance, timeoutMs: number): Promise<void> {
  const sweep = setInterval(() => api.server.closeIdleConnections(), SWEEP_MS);
  const cut = setTimeout(() => api.server.closeAllConnections(), timeoutMs);
  try {
    await api.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(cut);
  }
}

function addressOf(app: FastifyInstance): string {
  const { address, family, port } = app.server.address() as AddressInfo;
  const isEverywhere = address === '0.0.0.0' || address === '::';
  const host = isEverywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}`;
}
