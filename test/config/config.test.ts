import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  publisherSettings,
  readPublisherConfig,
  readServerConfig,
  serverSettings,
} from '../../src/config/config.ts';
import { UsageError } from '../../src/domain/errors.ts';

const POINTER = { TOPSHELF_POINTER: 's3://shop/predictions' };
const PUBLISHER = { ...POINTER, TOPSHELF_ARCHIVE: 'file:///var/archive' };

/** What a configuration that cannot be used is refused with. */
function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
  throw new Error('the configuration was accepted');
}

describe("a server's configuration", () => {
  it('needs the pointer and nothing else', () => {
    expect(readServerConfig(POINTER)).toEqual({
      pointer: { kind: 's3', bucket: 'shop', prefix: 'predictions' },
      s3PathStyle: false,
      zookeeperDigest: undefined,
      dynamodb: {},
      placements: '*',
      defaultPlacement: 'home',
      api: { host: '0.0.0.0', port: 8080 },
      ops: { host: '127.0.0.1', port: 9464 },
      pointerPollMs: 3000,
      savedPointersDir: resolve('.topshelf/saved-pointers'),
      bootstrapPointers: [],
      allowUnsealed: false,
      requestDeadlineMs: 100,
      readTimeoutMs: 50,
      maxReadsInFlight: 64,
      maxUsersPerRead: 100,
      extraReadsShare: 0.1,
      maxRequestsInFlight: 2000,
      cacheBytes: 256 * 1024 * 1024,
      cacheMaxAgeMs: 600_000,
      unknownMaxAgeMs: 30_000,
      warmUpUsers: 10_000,
      warmUpMs: 2000,
      drainDelayMs: 5000,
      shutdownTimeoutMs: 10_000,
      logLevel: 'info',
    });
  });

  it('takes what the environment says, in the units of its names', () => {
    const config = readServerConfig({
      ...POINTER,
      PORT: '18080',
      OPS_PORT: '0',
      TOPSHELF_PLACEMENTS: ' home, cart ,home',
      TOPSHELF_CACHE_MAX_AGE_SECONDS: '7',
      TOPSHELF_ALLOW_UNSEALED: 'true',
      TOPSHELF_S3_PATH_STYLE: '1',
      TOPSHELF_BOOTSTRAP_POINTERS: '/a.json, /b.json',
      TOPSHELF_LOG_LEVEL: 'trace',
    });
    expect(config).toMatchObject({
      api: { port: 18080 },
      ops: { port: 0 },
      placements: ['home', 'cart'],
      cacheMaxAgeMs: 7000,
      allowUnsealed: true,
      s3PathStyle: true,
      bootstrapPointers: ['/a.json', '/b.json'],
      logLevel: 'trace',
    });
  });

  it('carries the connection to DynamoDB it was given', () => {
    const dynamodb = { endpoint: 'http://127.0.0.1:8000', region: 'local' };
    expect(readServerConfig(POINTER, dynamodb).dynamodb).toEqual(dynamodb);
  });

  it('cannot be changed afterwards, in no part', () => {
    const config = readServerConfig({ ...POINTER, TOPSHELF_PLACEMENTS: 'home' });
    for (const part of [
      config,
      config.pointer,
      config.api,
      config.ops,
      config.placements,
      config.bootstrapPointers,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe('a configuration that cannot be used', () => {
  it('is refused with every mistake at once, one a line', () => {
    const message = refusal(() =>
      readServerConfig({ PORT: '99999', TOPSHELF_LOG_LEVEL: 'loud', TOPSHELF_PLACEMENTS: 'Home' }),
    );
    expect(message.split('\n')).toEqual([
      'the configuration cannot be used:',
      expect.stringMatching(/^ {2}TOPSHELF_POINTER is missing: where pointers are kept/),
      '  TOPSHELF_PLACEMENTS must be placements separated by commas (a-z, 0-9, _), or *, got "Home"',
      '  PORT must be a whole number from 0 to 65535, got "99999"',
      '  TOPSHELF_LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent, got "loud"',
    ]);
  });

  it('tells what is missing from what is not valid', () => {
    const message = refusal(() => readPublisherConfig({ TOPSHELF_POINTER: 'ftp://shop' }));
    expect(message).toContain(
      'TOPSHELF_POINTER must be s3://bucket/prefix (bucket names have 3 to 63 characters), zookeeper://',
    );
    expect(message).toContain('got "ftp://shop"');
    expect(message).toContain('TOPSHELF_ARCHIVE is missing');
  });

  it.each(['', '   ', undefined])('counts a variable that is %j as absent', (empty) => {
    expect(refusal(() => readServerConfig({ TOPSHELF_POINTER: empty }))).toContain(
      'TOPSHELF_POINTER is missing',
    );
    expect(readServerConfig({ ...POINTER, PORT: empty }).api.port).toBe(8080);
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', '0x50'],
    ['PORT', '1e3'],
    ['PORT', '9'.repeat(40)],
    ['TOPSHELF_POINTER_POLL_MS', '99'],
    ['TOPSHELF_READ_TIMEOUT_MS', '0'],
    ['TOPSHELF_CACHE_BYTES', '256MB'],
    ['TOPSHELF_ALLOW_UNSEALED', 'yes'],
    ['TOPSHELF_DEFAULT_PLACEMENT', 'home,cart'],
    ['TOPSHELF_PLACEMENTS', 'home,,cart'],
    ['TOPSHELF_PLACEMENTS', 'home,*'],
    ['TOPSHELF_POINTER_KEYS', 'old.pem,'],
    ['TOPSHELF_HOST', '0.0.0.0 ::'],
    ['TOPSHELF_POINTER', 'file:///a%2Fb'],
  ])('is one with %s=%s, and the message shows it', (name, value) => {
    const message = refusal(() => readServerConfig({ ...POINTER, [name]: value }));
    expect(message).toContain(`  ${name} must be `);
    expect(message).toContain(`got "${value}"`);
  });

  it.each(['secret-without-user', ':s3cret', 's3cret:'])(
    'never shows the ZooKeeper password in its message: %s',
    (digest) => {
      const message = refusal(() =>
        readServerConfig({ ...POINTER, TOPSHELF_ZOOKEEPER_DIGEST: digest, PORT: 'x' }),
      );
      expect(message).toContain('  TOPSHELF_ZOOKEEPER_DIGEST must be user:password');
      expect(message).not.toContain(digest);
    },
  );

  it('does not show a ZooKeeper password that is fine either, when something else is not', () => {
    const message = refusal(() =>
      readServerConfig({ ...POINTER, TOPSHELF_ZOOKEEPER_DIGEST: 'topshelf:canary', PORT: 'x' }),
    );
    expect(message).not.toContain('canary');
  });
});

describe("a publisher's configuration", () => {
  it('needs pointer and archive, and names who acts', () => {
    const config = readPublisherConfig(PUBLISHER);
    expect(config).toMatchObject({
      pointer: { kind: 's3' },
      archive: { kind: 'file', root: '/var/archive' },
      tablePrefix: 'topshelf',
      memoryLimitBytes: 1024 ** 3,
      tempDir: resolve(tmpdir()),
    });
    expect(config.actor).toMatch(/^.+@.+$/);
    expect(Object.isFrozen(config)).toBe(true);
    expect(readPublisherConfig({ ...PUBLISHER, TOPSHELF_ACTOR: 'airflow' }).actor).toBe('airflow');
  });

  it.each(['shop/prod', 'arn:aws:dynamodb', 'a'.repeat(61)])('has no table prefix such as %j', (prefix) => {
    const read = () => readPublisherConfig({ ...PUBLISHER, TOPSHELF_TABLE_PREFIX: prefix });
    expect(refusal(read)).toContain('TOPSHELF_TABLE_PREFIX must be 1 to 60 of');
  });

  it('refuses an actor too long for the records, without a limit on what it may hold', () => {
    expect(refusal(() => readPublisherConfig({ ...PUBLISHER, TOPSHELF_ACTOR: 'a'.repeat(201) }))).toContain(
      'TOPSHELF_ACTOR must be at most 200 characters',
    );
    expect(readPublisherConfig({ ...PUBLISHER, TOPSHELF_ACTOR: 'Zoë (on call)' }).actor).toBe(
      'Zoë (on call)',
    );
  });
});

describe('every setting', () => {
  it('says what it is for', () => {
    for (const [name, schema] of Object.entries({ ...serverSettings.shape, ...publisherSettings.shape })) {
      expect(schema.description, name).toBeTruthy();
    }
  });
});
