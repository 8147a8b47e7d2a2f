import type { FastifyInstance } from 'fastify';
import { NotFoundError } from '../domain/errors.ts';
import { checks } from '../gate/checks.ts';
import { recordedEpochs } from '../publishing/activation-records.ts';
import { newestReports, readReport, reportsOn, type CheckReport } from '../publishing/check/report.ts';
import type { PublisherContext } from '../publishing/context.ts';
import { explain } from '../publishing/explain.ts';
import { historyOf } from '../publishing/history.ts';
import { readPointerState } from '../publishing/pointer-state.ts';
import { explainBody, historyQuery, parsed, placementOf, reportIdOf } from './requests.ts';
import { titlesOf, type Titles } from './titles.ts';
import type { Checks, History, LookedUp } from './views.ts';

/** Milliseconds for one look into the archive, and for one user in several versions. */
const DEADLINE_MS = 30_000;
/** Reports of the gate that are shown, beside the live version's. */
const REPORTS = 10;

const criteria = Object.fromEntries(checks.map(({ name, what, bound }) => [name, { what, bound }]));

/** What there is to be read of one placement, apart from users. */
export function readingRoutes(app: FastifyInstance, context: PublisherContext): void {
  app.get('/:placement/history', async (request): Promise<History> => {
    const placement = placementOf(request);
    const { count } = parsed(historyQuery, 'query', request.query);
    const signal = AbortSignal.timeout(DEADLINE_MS);
    await requireKnown(context, placement, signal);
    return { entries: await historyOf(context, placement, count, signal) };
  });

  app.get('/:placement/checks', async (request): Promise<Checks> => {
    const placement = placementOf(request);
    const signal = AbortSignal.timeout(DEADLINE_MS);
    await requireKnown(context, placement, signal);
    const newest = await newestReports(context.archive, placement, REPORTS, signal);
    return { reports: await withLive(context, placement, newest, signal), criteria };
  });

  app.get('/:placement/checks/:id', async (request): Promise<CheckReport> => {
    const [placement, id] = [placementOf(request), reportIdOf(request)];
    const report = await readReport(context.archive, placement, id, AbortSignal.timeout(DEADLINE_MS));
    if (report === null) throw new NotFoundError(`placement ${placement} has no report ${id} of the gate`);
    return report;
  });
}

/** The look-up of one user. The id comes in a body: addresses end up in logs and histories. */
export function lookUpRoute(app: FastifyInstance, context: PublisherContext, titles: Titles): void {
  app.post('/:placement/explain', async (request): Promise<LookedUp> => {
    const placement = placementOf(request);
    const { userId, versions: count } = parsed(explainBody, 'body', request.body);
    const signal = AbortSignal.timeout(DEADLINE_MS);
    await requireKnown(context, placement, signal);
    const explained = await explain(context, { placement, userId, count }, signal);
    const productIds = explained.versions.flatMap(({ products, dropped }) => [
      ...(products ?? []).map(({ productId }) => productId),
      ...dropped,
    ]);
    const answered = explained.answer?.productIds ?? [];
    return { ...explained, titles: titlesOf(titles, new Set([...productIds, ...answered])) };
  });
}

/** Throws NotFoundError for a placement that never had a pointer. */
async function requireKnown(
  { pointers, archive }: PublisherContext,
  placement: string,
  signal: AbortSignal,
): Promise<void> {
  const { kind } = await pointers.read(placement, signal);
  if (kind !== 'absent' || (await recordedEpochs(archive, placement, signal)).length > 0) return;
  throw new NotFoundError(`placement ${placement} has no pointer, and none was ever recorded`);
}

/** The reports, and the last one on the live version: others may have been loaded and checked since it went live. */
async function withLive(
  context: PublisherContext,
  placement: string,
  reports: readonly CheckReport[],
  signal: AbortSignal,
): Promise<readonly CheckReport[]> {
  const state = await readPointerState(context, placement, signal);
  const version =
    state.kind === 'pointer'
      ? state.pointer.version
      : state.kind === 'bare'
        ? state.seal?.version
        : undefined;
  if (version === undefined || reports.some(({ candidate }) => candidate.version === version)) return reports;
  for await (const report of reportsOn(context.archive, placement, version, signal))
    return [...reports, report];
  return reports;
}
