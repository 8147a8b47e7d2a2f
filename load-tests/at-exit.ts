const works = new Set<() => void>();
let isWatching = false;

/**
 * Runs `work`, which may not wait for anything, when this process ends, also by a signal: nothing of it may go on loading
 * the machine, or stay behind. Returns the function that calls it off.
 */
export function atExit(work: () => void): () => void {
  if (!isWatching) {
    isWatching = true;
    process.on('exit', () => {
      for (const each of works) each();
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => process.exit(1));
    }
  }
  works.add(work);
  return () => void works.delete(work);
}
