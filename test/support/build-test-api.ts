import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { inject, type InjectOptions } from 'light-my-request';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { Pointer } from '../../src/domain/pointer.ts';
import type { SealedTable } from '../../src/domain/pointer-changes.ts';
import type { EndedRequest } from '../../src/http/admission.ts';
import { buildApi } from '../../src/http/api.ts';
import { buildOps } from '../../src/http/ops.ts';
import { createMetrics, type Metrics } from '../../src/metrics/metrics.ts';
import { observeServing, scrape } from '../../src/metrics/observe-serving.ts';
import { createConcurrencyLimit, type ConcurrencyLimit } from '../../src/resilience/concurrency-limit.ts';
import { Lifecycle } from '../../src/serving/lifecycle.ts';
import { openServing, poll, type FixtureOptions, type ServingFixture } from './serving.ts';
import { list, point, pointerTo, storeVersion, type VersionContent } from './versions.ts';

export interface TestApi extends ServingFixture {
  readonly api: FastifyInstance;
  readonly ops: FastifyInstance;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  readonly ended: EndedRequest[];
  /** Those under way. */
  readonly requests: ConcurrencyLimit;
  /** Everything that was logged, at every level. */
  readonly logged: () => string;
  /** A clock for the ages of what is cached. */
  readonly clock: { ms: number };
  /** Stores a version and makes it live, with changes to its pointer. */
  readonly goLive: (
    content: VersionContent,
    epoch: number,
    changes?: Partial<Pointer>,
  ) => Promise<SealedTable>;
  readonly send: (request: InjectOptions) => Promise<LightMyRequestResponse>;
  readonly get: (url: string, headers?: Record<string, string>) => Promise<LightMyRequestResponse>;
  readonly post: (
    payload: object | string,
    headers?: Record<string, string>,
  ) => Promise<LightMyRequestResponse>;
}

export interface TestApiOptions extends FixtureOptions {
  readonly maxRequestsInFlight?: number;
}

/** What is live in placement `home` at epoch 1 unless a test says otherwise. */
export const VERSION_1: VersionContent = {
  number: 1,
  users: { anna: list('a', 'b', 'c', 'd', 'e', 'f', 'g'), bert: list('x', 'y') },
};

/** Both listeners over the serving half and memory adapters, as a server puts them together; nothing is live yet. */
export async function buildTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const metrics = createMetrics();
  const lifecycle = new Lifecycle((from, to) => logger.info({ from, to }, `the server is ${to}`));
  const clock = { ms: 0 };
  const ended: EndedRequest[] = [];
  const fixture = openServing({
    now: () => clock.ms,
    ...options,
    config: { placements: ['home', 'cart'], ...options.config },
    observer: observeServing(metrics),
  });
  const { serving, store, pointers } = fixture;
  const requests = createConcurrencyLimit(options.maxRequestsInFlight ?? 1000);
  const api = await buildApi({
    logger,
    service: serving.service,
    lookUp: (placement) => serving.placements.lookUp(placement),
    defaultPlacement: 'home',
    requests,
    isDraining: () => lifecycle.state === 'draining',
    onRequestEnded(request) {
      ended.push(request);
      const { seconds, route, placement = '', source = '', status } = request;
      metrics.requestSeconds.observe(seconds, route, placement, source, String(status));
    },
  });
  const ops = await buildOps({
    logger,
    state: () => lifecycle.state,
    placements: () => serving.placements.all(),
    metrics: () => scrape(metrics, { ...serving, requests }, lifecycle.state),
    startedAt: '2026-11-22T00:00:00.000Z',
  });
  onTestFinished(async () => {
    await api.close();
    await ops.close();
  });
  await serving.placements.start();
  // As the listener is called. Fastify's own `inject` would pass by what comes before Fastify.
  const send = (request: InjectOptions) =>
    inject((req, res) => void api.server.emit('request', req, res), request);

  return {
    ...fixture,
    api,
    ops,
    metrics,
    lifecycle,
    ended,
    requests,
    logged: () => lines.join(''),
    clock,
    async goLive(content, epoch, changes = {}) {
      const target = await storeVersion(store, content);
      point(pointers, pointerTo(target, epoch, changes));
      await poll(fixture, content.placement);
      return target;
    },
    send,
    get: (url, headers = {}) => send({ method: 'GET', url, headers }),
    post: (payload, headers = {}) =>
      send({
        method: 'POST',
        url: '/recommendations',
        payload,
        headers: { 'content-type': 'application/json', ...headers },
      }),
  };
}

/** As `buildTestApi`, with version 1 of `home` live. */
export async function buildLiveApi(options: TestApiOptions = {}): Promise<TestApi & { target: SealedTable }> {
  const test = await buildTestApi(options);
  return { ...test, target: await test.goLive(VERSION_1, 1) };
}

interface Body {
  readonly userId: string;
  readonly source: string;
  readonly reason?: string;
  readonly version: string;
  readonly recommendations: readonly { productId: string; score: number }[];
}

export function bodyOf(response: LightMyRequestResponse): Body {
  return response.json<Body>();
}

export function productsOf(response: LightMyRequestResponse): string[] {
  return bodyOf(response).recommendations.map(({ productId }) => productId);
}

export function answersOf(response: LightMyRequestResponse): Body[] {
  return response.json<{ answers: Body[] }>().answers;
}
