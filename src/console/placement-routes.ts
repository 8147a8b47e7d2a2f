import type { FastifyInstance } from 'fastify';
import { NotFoundError } from '../domain/errors.ts';
import { checks } from '../gate/checks.ts';
import { recordedEpochs } from '../publishing/activation-records.ts';
import { newestReports } from '../publishing/check/report.ts';
import type { PublisherContext } from '../publishing/context.ts';
import { explain } from '../publishing/explain.ts';
import { historyOf } from '../publishing/history.ts';
import { explainBody, historyQuery, parsed, placementOf } from './requests.ts';
import { titlesOf, type Titles } from './titles.ts';
import type { Checks, History, LookedUp } from './views.ts';

/** Milliseconds for one look into the archive, and for one user in several versions. */
const DEADLINE_MS = 30_000;
/** Reports of the gate that are shown. */
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
    return { reports: await newestReports(context.archive, placement, REPORTS, signal), criteria };
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
