/** What the stub DynamoDB does; set as a whole, by `PUT /control`. */
export interface Behaviour {
  /** Users 0 to `users` − 1 have an item. */
  readonly users: number;
  /** Drawn for each key from the lognormal distribution with these percentiles; a batch takes its slowest. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number } | null;
  /** This share of reads takes so much longer: reads, not keys, as a slow node or a lost packet does it. */
  readonly stragglers: { readonly share: number; readonly extraMs: number } | null;
  /** Keys a second; what exceeds it is throttled, as DynamoDB does it: an exception, or unprocessed keys of a batch. */
  readonly capacity: number | null;
}

/** Since the start of the stub. Reads of seals are not counted. */
export interface Counts {
  readonly reads: number;
  readonly keys: number;
  /** Keys that were asked for and not read. */
  readonly throttledKeys: number;
}

/** Answers at once, always, for ten million users. */
export const AT_ONCE: Behaviour = { users: 10_000_000, latency: null, stragglers: null, capacity: null };

/** DynamoDB as its users see it within a region. */
export const REALISTIC: Behaviour = { ...AT_ONCE, latency: { p50Ms: 3, p99Ms: 12 } };
