import { createHash, createHmac, type Hmac, type Hash } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAmzDates, createSigner, type Signable } from '../../../src/store/dynamodb-http/signature.ts';

// AWS's "Signature Version 4 test suite" (aws-sig-v4-test-suite.zip, also in awslabs/aws-c-auth under tests): the cases
// that have the path / and no query, which is all that DynamoDB's protocol uses.
const SUITE = { region: 'us-east-1', service: 'service' };
const SUITE_DATE = '20150830T123600Z';
const SUITE_KEYS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const HOST = ['host', 'example.amazonaws.com'] as const;
const DATE = ['x-amz-date', SUITE_DATE] as const;
const FORM = ['content-type', 'application/x-www-form-urlencoded'] as const;
const TOKEN =
  'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==';

const VECTORS: readonly (readonly [name: string, request: Signable, signature: string])[] = [
  [
    'get-vanilla',
    { method: 'GET', headers: [HOST, DATE], body: '' },
    '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  ],
  [
    'post-vanilla',
    { method: 'POST', headers: [HOST, DATE], body: '' },
    '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  ],
  [
    'post-sts-header-before',
    { method: 'POST', headers: [HOST, DATE, ['x-amz-security-token', TOKEN]], body: '' },
    '85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead',
  ],
  [
    'post-x-www-form-urlencoded',
    { method: 'POST', headers: [FORM, HOST, DATE], body: 'Param1=value1' },
    'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  ],
];

/** The hash that smithy asks for, over node:crypto. */
class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    throw new Error('not used');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}

const token = fc.stringMatching(/^[A-Za-z0-9+/=]{1,60}$/);
const anyRequest = fc.record({
  host: fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,40}(:[1-9][0-9]{0,3})?$/),
  operation: fc.constantFrom('GetItem', 'BatchGetItem'),
  body: fc.oneof(fc.json(), fc.string({ unit: 'grapheme' })),
  date: fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
  region: fc.stringMatching(/^[a-z]{2}-[a-z]{4,9}-[1-9]$/),
  accessKeyId: token,
  secretAccessKey: token,
  sessionToken: fc.option(token, { nil: undefined }),
});

describe('a signature', () => {
  it.each(VECTORS)('is that of AWS’s test suite for %s', (_, request, signature) => {
    const names = request.headers.map(([name]) => name).join(';');
    expect(createSigner(SUITE).sign(request, SUITE_DATE, SUITE_KEYS)).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ` +
        `SignedHeaders=${names}, Signature=${signature}`,
    );
  });

  it('is the one that the AWS SDK’s own signer makes, for any request', async () => {
    await fc.assert(
      fc.asyncProperty(anyRequest, async ({ host, operation, body, date, region, ...keys }) => {
        const target = `DynamoDB_20120810.${operation}`;
        const { sessionToken, ...longTerm } = keys;
        const credentials = sessionToken === undefined ? longTerm : { ...longTerm, sessionToken };
        const theirs = await new SignatureV4({
          credentials,
          region,
          service: 'dynamodb',
          sha256: Sha256,
          applyChecksum: false,
        }).sign(
          {
            method: 'POST',
            protocol: 'https:',
            hostname: host,
            path: '/',
            query: {},
            headers: { host, 'x-amz-target': target },
            body,
          },
          { signingDate: date },
        );
        const amzDate = createAmzDates()(date.getTime());
        const headers: [string, string][] = [
          ['host', host],
          ['x-amz-date', amzDate],
        ];
        if (sessionToken !== undefined) headers.push(['x-amz-security-token', sessionToken]);
        headers.push(['x-amz-target', target]);
        const signer = createSigner({ region, service: 'dynamodb' });
        const ours = signer.sign({ method: 'POST', headers, body }, amzDate, keys);
        expect(theirs.headers['x-amz-date']).toBe(amzDate);
        expect(ours).toBe(theirs.headers.authorization);
      }),
    );
  });

  it('follows a new day and a new secret, whatever was signed before', () => {
    const request: Signable = { method: 'POST', headers: [HOST], body: '{}' };
    const used = createSigner(SUITE);
    for (const date of ['20150830T235959Z', '20150831T000000Z', '20150830T235959Z']) {
      for (const secretAccessKey of ['one', 'two', 'one']) {
        const keys = { accessKeyId: 'same', secretAccessKey };
        expect(used.sign(request, date, keys)).toBe(createSigner(SUITE).sign(request, date, keys));
      }
    }
  });
});

it('a time is written as AWS writes it, second by second', () => {
  const dates = createAmzDates();
  const at = (text: string) => dates(Date.parse(text));
  expect(at('2015-08-30T12:36:00.000Z')).toBe('20150830T123600Z');
  expect(at('2015-08-30T12:36:00.999Z')).toBe('20150830T123600Z');
  expect(at('2015-08-30T12:36:01.000Z')).toBe('20150830T123601Z');
  expect(at('2015-08-30T12:36:00.500Z')).toBe('20150830T123600Z');
});
