import type { BreakerState } from '../resilience/breaker.ts';
import type { ConcurrencyLimit } from '../resilience/concurrency-limit.ts';
import type { LifecycleState } from '../serving/lifecycle.ts';
import type { ServingObserver } from '../serving/observer.ts';
import type { Serving } from '../serving/serving.ts';
import type { Metrics } from './metrics.ts';

const BREAKER_VALUE: Record<BreakerState, number> = { closed: 0, 'half-open': 1, open: 2 };

/** Counts what serving tells. */
export function observeServing(metrics: Metrics): ServingObserver {
  // Labels of the version each placement serves: its series ends when the version does.
  const active = new Map<string, { placement: string; version: string; table: string }>();
  return {
    cacheLookup: (placement, outcome) => metrics.cacheLookups.inc(placement, outcome),
    answered: (placement, source, reason) => metrics.answers.inc(placement, source, reason ?? ''),
    tableRead(placement, outcome, users, seconds) {
      metrics.readSeconds.observe({ placement, outcome }, seconds);
      metrics.usersRead.inc({ placement, outcome }, users);
      metrics.readUsers.observe({ placement }, users);
    },
    hedged(placement, outcome, users) {
      metrics.hedges.inc({ placement, outcome });
      metrics.extraUsersRead.inc({ placement, reason: 'hedge' }, users);
    },
    retried: (placement, users) => metrics.extraUsersRead.inc({ placement, reason: 'retry' }, users),
    budgetDenied: (placement, what) => metrics.extraReadsDenied.inc({ placement, reason: what }),
    itemUnreadable: (placement) => metrics.itemsUnreadable.inc({ placement }),
    breakerChanged(placement, state) {
      metrics.breakerState.set({ placement }, BREAKER_VALUE[state]);
      metrics.breakerTransitions.inc({ placement, state });
    },
    pointerRead: (placement) => metrics.pointerLastRead.set({ placement }, Date.now() / 1000),
    pointerUnreadable: (placement) => metrics.pointerReadErrors.inc({ placement }),
    pointerRejected: (placement, reason) => metrics.pointerRejections.inc({ placement, reason }),
    savedPointerFailed: (placement) => metrics.savedPointerErrors.inc({ placement }),
    warmedUp(placement, outcome, users, seconds) {
      metrics.warmUpSeconds.observe({ placement, outcome }, seconds);
      metrics.warmUpUsers.inc({ placement }, users);
    },
    adopted(adoption) {
      const { placement, epoch, version, table, generatedAt, previousVersion, from, seconds } = adoption;
      metrics.pointerEpoch.set({ placement }, epoch);
      const before = active.get(placement);
      if (before !== undefined) metrics.activeVersion.remove(before);
      active.set(placement, { placement, version, table });
      metrics.activeVersion.set({ placement, version, table }, 1);
      metrics.generatedAt.set({ placement }, Date.parse(generatedAt) / 1000);
      metrics.blockedProducts.set({ placement }, adoption.blocked);
      metrics.activationsHeld.set({ placement }, adoption.isHeld ? 1 : 0);
      if (version !== previousVersion) metrics.breakerState.set({ placement }, BREAKER_VALUE.closed);
      if (from !== 'pointer' || previousVersion === undefined) return;
      metrics.swaps.inc({ placement, changed: String(version !== previousVersion) });
      metrics.swapSeconds.observe({ placement }, seconds);
    },
  };
}

const STATES: readonly LifecycleState[] = ['starting', 'ready', 'draining', 'closed'];

/** The text of all metrics, as Prometheus reads it; what has a size rather than a count is measured now. */
export async function scrape(
  metrics: Metrics,
  {
    budget,
    limit,
    shedder,
    requests,
  }: Pick<Serving, 'budget' | 'limit' | 'shedder'> & { readonly requests: ConcurrencyLimit },
  current: LifecycleState,
): Promise<string> {
  metrics.cacheBytes.set(budget.bytes());
  metrics.cacheLimitBytes.set(budget.limitBytes);
  metrics.cacheEntries.set(budget.entries());
  metrics.cacheEvictions.reset();
  metrics.cacheEvictions.inc(budget.evictions());
  metrics.readsInFlight.set(limit.inFlight());
  metrics.requestsInFlight.set(requests.inFlight());
  metrics.shedShare.set(shedder.shedShare());
  for (const state of STATES) metrics.state.set({ state }, state === current ? 1 : 0);
  return metrics.registry.metrics();
}
