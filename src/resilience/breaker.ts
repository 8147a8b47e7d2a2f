import CircuitBreaker from 'opossum';

export type BreakerState = 'closed' | 'half-open' | 'open';

/** The breaker is open: nothing was asked. */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError';
}

export interface Breaker<A extends unknown[], T> {
  /** Settles as the action does; rejects at once with BreakerOpenError while the breaker is open. */
  run(...args: A): Promise<T>;
  state(): BreakerState;
  /** Stops its timers. */
  close(): void;
}

// Start values from facts of the library: with its defaults one failure opens it for 30 s.
const VOLUME_THRESHOLD = 20;
const WINDOW_MS = 10_000;
const ERROR_PERCENTAGE = 50;
const PROBE_AFTER_MS = 1000;

/**
 * A circuit breaker around `action` (opossum): opens when over half of at least 20 calls in 10 s failed, lets one
 * probe through about every second, closes when it succeeds.
 */
export function createBreaker<A extends unknown[], T>(
  action: (...args: A) => Promise<T>,
  onChange: (state: BreakerState) => void,
): Breaker<A, T> {
  const circuit = new CircuitBreaker<A, T>(action, {
    timeout: false, // deadlines are the caller's; this saves a timer a call
    volumeThreshold: VOLUME_THRESHOLD,
    rollingCountTimeout: WINDOW_MS,
    errorThresholdPercentage: ERROR_PERCENTAGE,
    resetTimeout: PROBE_AFTER_MS * (0.9 + 0.2 * Math.random()), // replicas must not probe in step
    // Percentiles and snapshots keep every latency and sort them on each failure: they stall the event loop.
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
  });
  circuit.on('open', () => onChange('open'));
  circuit.on('halfOpen', () => onChange('half-open'));
  circuit.on('close', () => onChange('closed'));
  return {
    async run(...args) {
      try {
        return await circuit.fire(...args);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EOPENBREAKER') {
          throw new BreakerOpenError('the breaker is open', { cause: error });
        }
        throw error;
      }
    },
    state: () => (circuit.opened ? 'open' : circuit.halfOpen ? 'half-open' : 'closed'),
    close: () => circuit.shutdown(),
  };
}
