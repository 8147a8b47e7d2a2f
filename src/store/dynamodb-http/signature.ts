import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { Credentials } from './credentials.ts';

/** What is signed of a request to `/` without a query: all that DynamoDB's protocol needs. */
export interface Signable {
  readonly method: string;
  /** Lower-case names in ascending order, values without spaces around them; `x-amz-date` among them. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** Signs requests with AWS Signature Version 4. */
export interface Signer {
  /** The `authorization` header of a request whose `x-amz-date` is `amzDate`. */
  sign(request: Signable, amzDate: string, credentials: Credentials): string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SCOPE_END = 'aws4_request';

/**
 * A signer for one region and service. The signing key holds for a day and one secret, so it is derived once: what is
 * left of each signature are two hashes and one HMAC.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function createSigner({ region, service }: { region: string; service: string }): Signer {
  let cached: { readonly secret: string; readonly day: string; readonly key: KeyObject } | undefined;

  function signingKey(secret: string, day: string): KeyObject {
    if (cached?.secret !== secret || cached.day !== day) {
      const key = [day, region, service, SCOPE_END].reduce<Buffer>(
        (derived, part) => createHmac('sha256', derived).update(part).digest(),
        Buffer.from(`AWS4${secret}`),
      );
      cached = { secret, day, key: createSecretKey(key) };
    }
    return cached.key;
  }

  return {
    sign({ method, headers, body }, amzDate, { accessKeyId, secretAccessKey }) {
      let lines = '';
      let names = '';
      for (const [name, value] of headers) {
        lines += `${name}:${value}\n`;
        names += names === '' ? name : `;${name}`;
      }
      const day = amzDate.slice(0, 8);
      const scope = `${day}/${region}/${service}/${SCOPE_END}`;
      const canonical = hash('sha256', `${method}\n/\n\n${lines}\n${names}\n${hash('sha256', body)}`);
      const signature = createHmac('sha256', signingKey(secretAccessKey, day))
        .update(`${ALGORITHM}\n${amzDate}\n${scope}\n${canonical}`)
        .digest('hex');
      return `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
    },
  };
}

/** Times as AWS writes them, `20150830T123600Z`; made once a second. */
export function createAmzDates(): (ms: number) => string {
  let second = NaN;
  let text = '';
  return (ms) => {
    const current = Math.floor(ms / 1000);
    if (current !== second) {
      second = current;
      text = `${new Date(current * 1000).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
    }
    return text;
  };
}
