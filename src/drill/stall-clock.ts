/** Notices when this process stands still, so that its measurements can be told from those of a server. */
export interface StallClock {
  /** How long it stood still so far, in milliseconds. */
  stalledMs(): number;
  /** Resolves once what is happening now would have been noticed. */
  nextLook(): Promise<void>;
  stop(): void;
}

const LOOK_MS = 10;
// Timers are a millisecond or two late on any machine.
const LATE_MS = 10;

export function startStallClock(): StallClock {
  let stalled = 0;
  let due = performance.now() + LOOK_MS;
  let looked = Promise.withResolvers<void>();
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - due > LATE_MS) stalled += now - due;
    due = now + LOOK_MS;
    looked.resolve();
    looked = Promise.withResolvers<void>();
  }, LOOK_MS);
  return {
    stalledMs: () => stalled,
    nextLook: () => looked.promise,
    stop: () => {
      clearInterval(timer);
      looked.resolve();
    },
  };
}
