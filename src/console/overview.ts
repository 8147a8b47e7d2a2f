import { messageOf } from '../domain/errors.ts';
import { reportsOn } from '../publishing/check/report.ts';
import type { PublisherContext } from '../publishing/context.ts';
import type { MeasuredReplicas } from '../publishing/replicas.ts';
import { status, type PlacementStatus } from '../publishing/status.ts';
import { createReplicaLook } from './replica-look.ts';
import { titlesOf, type Titles } from './titles.ts';
import type { Overview, PlacementView } from './views.ts';

export interface OverviewParts {
  readonly context: PublisherContext;
  readonly replicas: MeasuredReplicas | undefined;
  readonly titles: Titles;
}

/** Milliseconds for which one reading serves all who look. */
const SHARED_MS = 1_500;
/** Milliseconds for the archive: what is live must be seen also while it is slow or away. */
const ARCHIVE_WAIT_MS = 2_000;
/** Milliseconds for all of it. */
const DEADLINE_MS = 10_000;

/** What is live in every placement, on which replica, at which rates. */
export interface OverviewReader {
  /**
   * However many pages look, it is read once in a while. Rejects with UnreachableError where the pointer store does not
   * answer; whatever else is away is told of.
   */
  read(): Promise<Overview>;
  /** The next look reads anew: something was changed, or was found to have changed. */
  forget(): void;
}

export function createOverview({ context, replicas, titles }: OverviewParts): OverviewReader {
  const lookAtReplicas = replicas === undefined ? undefined : createReplicaLook(replicas);
  let last: { readonly at: number; readonly overview: Promise<Overview> } | undefined;

  async function read(): Promise<Overview> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const [statuses, look] = await Promise.all([status(context, {}, signal), lookAtReplicas?.(signal)]);
    const placements = await Promise.all(
      statuses.map(async (each): Promise<PlacementView> => ({
        ...each,
        ...(await lastVerdict(context, each, signal)),
        replicas: (await look?.of(each.placement, signal)) ?? null,
      })),
    );
    const blocked = placements.flatMap((each) => each.blocked);
    return {
      at: new Date().toISOString(),
      placements,
      replicasProblem: look?.problem ?? null,
      titles: titlesOf(titles, blocked),
    };
  }

  return {
    read() {
      const now = performance.now();
      if (last === undefined || now - last.at >= SHARED_MS) {
        const overview = read();
        last = { at: now, overview };
        // A failure is for those who wait for it: the next to look tries again.
        overview.catch(() => (last = undefined));
      }
      return last.overview;
    },
    forget: () => void (last = undefined),
  };
}

async function lastVerdict(
  { archive }: Pick<PublisherContext, 'archive'>,
  { placement, version }: PlacementStatus,
  signal: AbortSignal,
): Promise<Pick<PlacementView, 'verdict' | 'verdictProblem'>> {
  const nothing = { verdict: null, verdictProblem: null };
  if (version === null) return nothing;
  try {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(ARCHIVE_WAIT_MS)]);
    for await (const { id, at, passed, checks } of reportsOn(archive, placement, version, soon)) {
      const stoppedBy = checks.filter(({ outcome }) => outcome !== 'passed').map(({ name }) => name);
      return { ...nothing, verdict: { id, at, passed, stoppedBy } };
    }
    return nothing;
  } catch (error) {
    return { ...nothing, verdictProblem: messageOf(error) };
  }
}
