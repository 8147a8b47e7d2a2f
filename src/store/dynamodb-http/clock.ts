/** The time by which requests are signed: this machine's, until the server has said that it is wrong. */
export interface ServerClock {
  /** In milliseconds since 1970. */
  now(): number;
  /** Whether a refusal by this name, with this `Date` header, came from our time, which is put right by it. */
  correct(errorName: string, dateHeader: string | undefined): boolean;
}

// How the services of AWS name a signature whose time is off; some of these have other causes as well.
const CLOCK_ERRORS = new Set([
  'InvalidSignatureException',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]);
// A refusal with less between the two clocks has another cause: AWS allows five minutes and more.
const NOTICEABLE_MS = 60_000;

export function createServerClock(machine: () => number = Date.now): ServerClock {
  let offsetMs = 0;
  return {
    now: () => machine() + offsetMs,
    correct(errorName, dateHeader) {
      if (!CLOCK_ERRORS.has(errorName) || dateHeader === undefined) return false;
      const offset = Date.parse(dateHeader) - machine();
      if (Number.isNaN(offset) || Math.abs(offset - offsetMs) < NOTICEABLE_MS) return false;
      offsetMs = offset;
      return true;
    },
  };
}
