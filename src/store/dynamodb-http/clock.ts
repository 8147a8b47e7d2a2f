/** The time by which requests are signed: this machine's, until the server has said that it is wrong. */
export interface ServerClock {
  /** In milliseconds since 1970. */
  now(): number;
  /**
   * Whether a refusal by this name, with this `Date` header, came from the time that the request was signed by. Our time
   * is put right by it: one of several that were refused at once may have done so before.
   */
  correct(errorName: string, dateHeader: string | undefined, signedAt: number): boolean;
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
    correct(errorName, dateHeader, signedAt) {
      if (!CLOCK_ERRORS.has(errorName) || dateHeader === undefined) return false;
      const serverTime = Date.parse(dateHeader);
      if (Number.isNaN(serverTime) || Math.abs(serverTime - signedAt) < NOTICEABLE_MS) return false;
      offsetMs = serverTime - machine();
      return true;
    },
  };
}
