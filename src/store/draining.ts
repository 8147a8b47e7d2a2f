/** Requests whose callers have left: each may end in its own time, within bounds. */
export interface Draining {
  /** Takes over a request; `end` cuts it off. To be told when it is over by itself, call what this returns. */
  add(end: () => void): () => void;
}

export interface DrainingLimits {
  /** So long at most: a new connection costs more than an answer that comes late. */
  readonly ms: number;
  /** So many at once at most; the oldest one is cut off for the next. */
  readonly count: number;
}

export function createDraining({ ms, count }: DrainingLimits): Draining {
  const ends = new Set<() => void>();
  return {
    add(end) {
      const [oldest] = ends;
      if (oldest !== undefined && ends.size >= count) {
        // Forgotten at once: the next caller that leaves in this turn must cut off another one.
        ends.delete(oldest);
        oldest();
      }
      ends.add(end);
      const timer = setTimeout(end, ms);
      timer.unref();
      return () => {
        clearTimeout(timer);
        ends.delete(end);
      };
    },
  };
}
