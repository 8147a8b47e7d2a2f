/** What AWS's credential providers give. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** When they end; undefined where they do not. */
  readonly expiration?: Date | undefined;
}

/** Credentials that are renewed ahead of their end, so that no request waits for new ones but the first. */
export interface CredentialSource {
  /** Those at hand; undefined where there are none, or they have ended: then `fetch` them. */
  current(): Credentials | undefined;
  /** Asks the provider; joins the asking under way. Rejects as the provider does. */
  fetch(): Promise<Credentials>;
  /** The server does not take them any more: new ones are fetched behind the requests. */
  refuse(): void;
}

/** Asks where AWS's settings say; `forceRefresh` passes by what the provider remembers. */
export type CredentialProvider = (options?: { forceRefresh?: boolean }) => Promise<Credentials>;

// AWS has new ones ready five minutes before the old ones end.
const AHEAD_MS = 5 * 60_000;
// A provider that fails, or has nothing newer, is asked again after this.
const BETWEEN_MS = 10_000;

export function createCredentialSource(
  provide: CredentialProvider,
  now: () => number = Date.now,
): CredentialSource {
  let known: Credentials | undefined;
  let fetching: Promise<Credentials> | undefined;
  let askedAt = -Infinity;

  function fetch(): Promise<Credentials> {
    fetching ??= ask().finally(() => (fetching = undefined));
    return fetching;
  }

  async function ask(): Promise<Credentials> {
    askedAt = now();
    return (known = await provide({ forceRefresh: known !== undefined }));
  }

  /** At most every few seconds; while it fails, the old ones go on for as long as they last. */
  function renew(): void {
    if (now() - askedAt >= BETWEEN_MS) fetch().catch(() => undefined);
  }

  return {
    current() {
      const end = known?.expiration?.getTime();
      if (end !== undefined && end - now() < AHEAD_MS) {
        if (end <= now()) return undefined;
        renew();
      }
      return known;
    },
    fetch,
    refuse: renew,
  };
}
