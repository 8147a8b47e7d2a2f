import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { TallyCounter, TallyHistogram } from './tallies.ts';

/** Fine around the deadlines (50 and 100 ms), so that a service level on them can be read off exactly. */
const LATENCY_BUCKETS_SECONDS = [
  0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1,
];
const BATCH_BUCKETS_USERS = [1, 2, 4, 8, 16, 32, 64, 100];
const SWAP_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/**
 * Every metric of a server: name, unit, labels, help, buckets. Base units; timestamps rather than ages. A placement
 * is a label, a user never is.
 */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    requestSeconds: new TallyHistogram({
      name: 'topshelf_http_request_duration_seconds',
      help: 'Time to answer a request of the API, from its headers to the last byte handed over.',
      labelNames: ['route', 'placement', 'source', 'status'],
      buckets: LATENCY_BUCKETS_SECONDS,
      registers,
    }),
    requestsInFlight: new Gauge({
      name: 'topshelf_http_requests_in_flight',
      help: 'Requests of the API under way.',
      registers,
    }),
    answers: new TallyCounter({
      name: 'topshelf_answers_total',
      help: 'Answers by source; reason tells why one is not personalized. One a user, also in a POST.',
      labelNames: ['placement', 'source', 'reason'],
      registers,
    }),
    shedShare: new Gauge({
      name: 'topshelf_shed_ratio',
      help: 'Share of reads that is turned away because the event loop runs late.',
      registers,
    }),
    cacheLookups: new TallyCounter({
      name: 'topshelf_cache_lookups_total',
      help: 'Users looked up: hit, aged (found, read again), unknown (known not to be in the table), miss.',
      labelNames: ['placement', 'outcome'],
      registers,
    }),
    cacheBytes: new Gauge({
      name: 'topshelf_cache_size_bytes',
      help: 'Memory of the cached predictions, as it is counted against the limit.',
      registers,
    }),
    cacheLimitBytes: new Gauge({
      name: 'topshelf_cache_limit_bytes',
      help: 'Limit of the cache, all placements and swaps together.',
      registers,
    }),
    cacheEntries: new Gauge({ name: 'topshelf_cache_entries', help: 'Cached predictions.', registers }),
    cacheEvictions: new Counter({
      name: 'topshelf_cache_evictions_total',
      help: 'Predictions that left the cache to make room.',
      registers,
    }),
    readSeconds: new Histogram({
      name: 'topshelf_store_read_duration_seconds',
      help: 'Time of one read of a table, by outcome.',
      labelNames: ['placement', 'outcome'],
      buckets: LATENCY_BUCKETS_SECONDS,
      registers,
    }),
    usersRead: new Counter({
      name: 'topshelf_store_users_read_total',
      help: 'Users asked for in reads of a table, by outcome of the read.',
      labelNames: ['placement', 'outcome'],
      registers,
    }),
    readUsers: new Histogram({
      name: 'topshelf_store_read_size_users',
      help: 'Users of one read of a table: over 1 where reads gathered.',
      labelNames: ['placement'],
      buckets: BATCH_BUCKETS_USERS,
      registers,
    }),
    hedges: new Counter({
      name: 'topshelf_store_hedges_total',
      help: 'Slow reads that were made a second time beside the first; outcome won: the second was faster.',
      labelNames: ['placement', 'outcome'],
      registers,
    }),
    extraUsersRead: new Counter({
      name: 'topshelf_store_extra_users_read_total',
      help: 'Users asked for once more, by hedges and retries: at most a tenth of those read.',
      labelNames: ['placement', 'reason'],
      registers,
    }),
    extraReadsDenied: new Counter({
      name: 'topshelf_store_extra_reads_denied_total',
      help: 'Hedges and retries that were not made, because that tenth was used up.',
      labelNames: ['placement', 'reason'],
      registers,
    }),
    readsInFlight: new Gauge({
      name: 'topshelf_store_reads_in_flight',
      help: 'Reads of tables under way.',
      registers,
    }),
    itemsUnreadable: new Counter({
      name: 'topshelf_store_items_unreadable_total',
      help: 'Items of a table that are not predictions.',
      labelNames: ['placement'],
      registers,
    }),
    breakerState: new Gauge({
      name: 'topshelf_breaker_state',
      help: 'Breaker of a placement: 0 closed, 1 half-open, 2 open.',
      labelNames: ['placement'],
      registers,
    }),
    breakerTransitions: new Counter({
      name: 'topshelf_breaker_transitions_total',
      help: 'Changes of a breaker, by the state it went to.',
      labelNames: ['placement', 'state'],
      registers,
    }),
    pointerEpoch: new Gauge({
      name: 'topshelf_pointer_epoch',
      help: 'Epoch that is served.',
      labelNames: ['placement'],
      registers,
    }),
    pointerLastRead: new Gauge({
      name: 'topshelf_pointer_last_read_timestamp_seconds',
      help: 'When the pointer store last answered.',
      labelNames: ['placement'],
      registers,
    }),
    pointerReadErrors: new Counter({
      name: 'topshelf_pointer_read_errors_total',
      help: 'Readings of the pointer that failed; placement * is the listing of placements.',
      labelNames: ['placement'],
      registers,
    }),
    pointerRejections: new Counter({
      name: 'topshelf_pointer_rejections_total',
      help: 'Pointers that were seen and not adopted, by reason.',
      labelNames: ['placement', 'reason'],
      registers,
    }),
    savedPointerErrors: new Counter({
      name: 'topshelf_saved_pointer_errors_total',
      help: 'Failures to save the last pointer, or to use the saved one.',
      labelNames: ['placement'],
      registers,
    }),
    activeVersion: new Gauge({
      name: 'topshelf_active_version_info',
      help: '1 for the version that is live.',
      labelNames: ['placement', 'version', 'table'],
      registers,
    }),
    generatedAt: new Gauge({
      name: 'topshelf_predictions_generated_timestamp_seconds',
      help: 'When the model made the predictions that are live.',
      labelNames: ['placement'],
      registers,
    }),
    blockedProducts: new Gauge({
      name: 'topshelf_blocked_products',
      help: 'Products that are kept out of every answer.',
      labelNames: ['placement'],
      registers,
    }),
    activationsHeld: new Gauge({
      name: 'topshelf_activations_held',
      help: '1 while activations are held: after a rollback, or a table named by hand, until released.',
      labelNames: ['placement'],
      registers,
    }),
    swaps: new Counter({
      name: 'topshelf_swaps_total',
      help: 'New epochs adopted; changed tells whether the version changed with it.',
      labelNames: ['placement', 'changed'],
      registers,
    }),
    swapSeconds: new Histogram({
      name: 'topshelf_swap_duration_seconds',
      help: 'Time from the reading of a new pointer to the swap.',
      labelNames: ['placement'],
      buckets: SWAP_BUCKETS_SECONDS,
      registers,
    }),
    warmUpSeconds: new Histogram({
      name: 'topshelf_warm_up_duration_seconds',
      help: 'Time of reading the hottest users into the cache of a new version before it is served.',
      labelNames: ['placement', 'outcome'],
      buckets: SWAP_BUCKETS_SECONDS,
      registers,
    }),
    warmUpUsers: new Counter({
      name: 'topshelf_warm_up_users_total',
      help: 'Users that were read into the cache of a new version before it was served.',
      labelNames: ['placement'],
      registers,
    }),
    state: new Gauge({
      name: 'topshelf_lifecycle_state',
      help: '1 for the state of the process: starting, ready, draining or closed.',
      labelNames: ['state'],
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
