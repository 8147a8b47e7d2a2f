/**
 * Traces, for those who want them: `node --import ./deploy/otel/register.ts src/cli.ts serve`. One span a request of the
 * API, of the sampled ones, without the user's id. README.md beside this file says what to install and what it costs.
 */
import type { IncomingMessage } from 'node:http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';

/** Share of the requests that are traced where the caller has not decided: OTEL_TRACES_SAMPLER_ARG. */
const DEFAULT_SHARE = '0.01';
const ROUTE = '/recommendations';

const { OTEL_SERVICE_NAME, OTEL_TRACES_EXPORTER, OTEL_TRACES_SAMPLER_ARG = DEFAULT_SHARE } = process.env;
const share = Number(OTEL_TRACES_SAMPLER_ARG);
if (!(share >= 0 && share <= 1)) {
  throw new Error(`OTEL_TRACES_SAMPLER_ARG must be a share from 0 to 1, got ${OTEL_TRACES_SAMPLER_ARG}`);
}

const provider = new NodeTracerProvider({
  resource: defaultResource().merge(
    resourceFromAttributes({ 'service.name': OTEL_SERVICE_NAME ?? 'topshelf' }),
  ),
  sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
  spanProcessors: [
    new BatchSpanProcessor(
      OTEL_TRACES_EXPORTER === 'console' ? new ConsoleSpanExporter() : new OTLPTraceExporter(),
    ),
  ],
});
provider.register();

registerInstrumentations({
  tracerProvider: provider,
  instrumentations: [
    new HttpInstrumentation({
      // Pointers are polled all day; and a read of a table serves many requests, so it belongs to none.
      disableOutgoingRequestInstrumentation: true,
      // Probes, Prometheus, and what is no request for recommendations.
      ignoreIncomingRequestHook: ({ url = '' }) => !url.startsWith(ROUTE),
      // In place of what names the user.
      startIncomingSpanHook: (request) => {
        const route = routeOf(request);
        return { 'http.route': route, 'url.path': route, 'url.query': '' };
      },
      requestHook: (span, request) => {
        if ('url' in request) span.updateName(`${request.method} ${routeOf(request)}`);
      },
    }),
  ],
});

function routeOf({ method }: IncomingMessage): string {
  return method === 'POST' ? ROUTE : `${ROUTE}/{userId}`;
}
