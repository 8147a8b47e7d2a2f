/** Decides which share of the work is turned away while the event loop runs late. */
export interface LoadShedder {
  /** Whether to do this piece of work; false for the share that is shed now. */
  admit(): boolean;
  /** Share of the work that is shed now, 0 to 1. */
  shedShare(): number;
  close(): void;
}

export interface LoadShedderOptions {
  /** Lateness of the event loop above which work is shed, in milliseconds. */
  readonly maxLatenessMs: number;
  /** Measures until closed, calling back with how late the event loop ran. Replaced in tests. */
  readonly measure?: (onLateness: (ms: number) => void) => () => void;
  readonly random?: () => number;
}

const SAMPLE_MS = 50;
// More is shed at once when late, less bit by bit when in time (as TCP does), so that load does not swing.
const MORE = 0.25;
const LESS = 0.05;
// Some work always passes: it shows when the load has gone.
const MOST = 0.95;

/**
 * A load shedder that looks at the lateness of the event loop: what a request waits before its handler even runs.
 * One late sample is a pause, of the garbage collector perhaps; from the second in a row on it is load. Nothing older
 * counts, so that it sheds as fast after a day's idling as after a second's.
 */
export function createLoadShedder(options: LoadShedderOptions): LoadShedder {
  const { maxLatenessMs, measure = measureLateness, random = Math.random } = options;
  let shed = 0;
  let wasLate = false;
  const stop = measure((latenessMs) => {
    const isLate = latenessMs > maxLatenessMs;
    if (!isLate) shed = Math.max(0, shed - LESS);
    else if (wasLate) shed = Math.min(MOST, shed + MORE);
    wasLate = isLate;
  });
  return {
    admit: () => shed === 0 || random() >= shed,
    shedShare: () => shed,
    close: stop,
  };
}

function measureLateness(onLateness: (ms: number) => void): () => void {
  let due = performance.now() + SAMPLE_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    onLateness(now - due);
    due = now + SAMPLE_MS;
  }, SAMPLE_MS);
  timer.unref();
  return () => clearInterval(timer);
}
