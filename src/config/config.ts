import { hostname, tmpdir, userInfo } from 'node:os';
import { resolve } from 'node:path';
import * as z from 'zod';
import { MAX_ACTOR_CHARACTERS } from '../domain/pointer.ts';
import type { ArchiveLocation, PointerLocation } from './locations.ts';
import {
  archiveLocation,
  flag,
  parsed,
  placement,
  placements,
  pointerLocation,
  readSettings,
  secret,
  tablePrefix,
  wholeNumber,
  type Environment,
} from './settings.ts';

/** How to reach DynamoDB where it is not the AWS SDK's own settings that say so: the demo's emulator. */
export interface DynamoDbConnection {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const MEBIBYTE = 1024 * 1024;

const file = parsed('a path', (text) => resolve(text));
const files = parsed('paths separated by commas', (text) => {
  const paths = text.split(',').map((path) => path.trim());
  return paths.includes('') ? undefined : paths.map((path) => resolve(path));
});
const host = parsed('an address to listen on', (text) => (/\s/.test(text) ? undefined : text));
const port = wholeNumber(0, 65535);

const shared = {
  TOPSHELF_POINTER: pointerLocation.describe(
    'where pointers are kept: `s3://…`, `zookeeper://…` or `file:///…`',
  ),
  TOPSHELF_S3_PATH_STYLE: flag
    .prefault('false')
    .describe('address S3 buckets by path, as S3-compatible stores need'),
  TOPSHELF_ZOOKEEPER_DIGEST: secret('user:password', (text) => /^[^:]+:./s.test(text))
    .optional()
    .describe('`user:password` for ZooKeeper’s digest ACL'),
  TOPSHELF_POINTER_KEYS: files
    .optional()
    .describe(
      'PEM files of Ed25519 public keys, separated by commas; pointers that none of them signed are refused. See [Security](#security)',
    ),
};

/** Every setting of a server: name, default, meaning. The README's table is held to it by a test. */
export const serverSettings = z.object({
  ...shared,
  TOPSHELF_PLACEMENTS: placements
    .prefault('*')
    .describe('placements to serve, separated by commas; `*` serves each that has a pointer, as they appear'),
  TOPSHELF_DEFAULT_PLACEMENT: placement
    .prefault('home')
    .describe('the placement of a request that names none'),
  TOPSHELF_HOST: host.prefault('0.0.0.0').describe('address the API listens on'),
  PORT: port.prefault('8080').describe('port of the API'),
  TOPSHELF_OPS_HOST: host.prefault('127.0.0.1').describe('address of the ops listener'),
  OPS_PORT: port.prefault('9464').describe('port of the ops listener'),
  TOPSHELF_POINTER_POLL_MS: wholeNumber(100, 60_000)
    .prefault('3000')
    .describe('time between two reads of a pointer, ± 20 %'),
  TOPSHELF_SAVED_POINTERS: file
    .prefault('.topshelf/saved-pointers')
    .describe(
      'folder for the last pointer of each placement that was served, used when the pointer store is away at start',
    ),
  TOPSHELF_BOOTSTRAP_POINTERS: files
    .optional()
    .describe(
      'pointer files to start from when the pointer store is away and nothing was saved, separated by commas',
    ),
  TOPSHELF_ALLOW_UNSEALED: flag
    .prefault('false')
    .describe('also serve tables without a seal, made by other tools'),
  TOPSHELF_REQUEST_DEADLINE_MS: wholeNumber(5, 10_000)
    .prefault('100')
    .describe('time a request may take in all'),
  TOPSHELF_READ_TIMEOUT_MS: wholeNumber(1, 10_000)
    .prefault('50')
    .describe('time one read of the table may take'),
  TOPSHELF_MAX_READS_IN_FLIGHT: wholeNumber(1, 10_000)
    .prefault('64')
    .describe('reads of tables under way at once; further users wait a moment, else get `popular`'),
  TOPSHELF_MAX_USERS_PER_READ: wholeNumber(1, 100)
    .prefault('100')
    .describe('users that one read of a table asks for at most; 1: each is read alone'),
  TOPSHELF_EXTRA_READS_PERCENT: wholeNumber(0, 100)
    .prefault('10')
    .describe('hedges and retries together, of the users read; 0: none'),
  TOPSHELF_MAX_REQUESTS_IN_FLIGHT: wholeNumber(1, 100_000)
    .prefault('2000')
    .describe('requests under way at once; further ones get 503'),
  TOPSHELF_CACHE_BYTES: wholeNumber(MEBIBYTE, 64 * 1024 * MEBIBYTE)
    .prefault(String(256 * MEBIBYTE))
    .describe('bytes of answers kept in memory, all placements and swaps together'),
  TOPSHELF_CACHE_MAX_AGE_SECONDS: wholeNumber(1, 86_400)
    .prefault('600')
    .describe('age at which an answer is read again'),
  TOPSHELF_UNKNOWN_MAX_AGE_SECONDS: wholeNumber(1, 86_400)
    .prefault('30')
    .describe('age at which a user who was not in the table is looked up again'),
  TOPSHELF_WARM_UP_USERS: wholeNumber(0, 1_000_000)
    .prefault('10000')
    .describe(
      'users asked for last who are read from a new version before it is served, 5,000 a second; not after a rollback',
    ),
  TOPSHELF_WARM_UP_MS: wholeNumber(1, 60_000)
    .prefault('2000')
    .describe('time that may take, after which the new version is served in any case'),
  TOPSHELF_DRAIN_DELAY_MS: wholeNumber(0, 600_000)
    .prefault('5000')
    .describe('time between SIGTERM and the end of new connections, for load balancers to notice'),
  TOPSHELF_SHUTDOWN_TIMEOUT_MS: wholeNumber(100, 600_000)
    .prefault('10000')
    .describe('time after that in which requests under way may end'),
  TOPSHELF_LOG_LEVEL: parsed(`one of ${LOG_LEVELS.join(', ')}`, (text) =>
    LOG_LEVELS.find((level) => level === text),
  )
    .prefault('info')
    .describe('least severe log line that is written'),
});

/** Every setting of the publishing commands. */
export const publisherSettings = z.object({
  ...shared,
  TOPSHELF_ARCHIVE: archiveLocation.describe(
    'where records of loads and activations are kept: `s3://…` or `file:///…`',
  ),
  TOPSHELF_TABLE_PREFIX: tablePrefix.prefault('topshelf').describe('what the tables’ names begin with'),
  TOPSHELF_MEMORY_LIMIT_BYTES: wholeNumber(128 * MEBIBYTE, 1024 * 1024 * MEBIBYTE)
    .prefault(String(1024 * MEBIBYTE))
    .describe(
      'memory that reading and sorting the input may take before it spills to disk; a publish takes up to 400 MB more',
    ),
  TOPSHELF_TEMP_DIR: file
    .prefault(tmpdir())
    .describe(
      'folder for what spills; it needs about twice the size of the unpacked input. A process that was killed leaves its `topshelf-load-*`',
    ),
  TOPSHELF_GATE_CONFIG: file
    .optional()
    .describe('JSON file of the gate’s thresholds; see [its page](src/gate/README.md)'),
  TOPSHELF_SIGNING_KEY: file
    .optional()
    .describe('PEM file of the Ed25519 private key that pointers are signed with'),
  TOPSHELF_ACTOR: parsed(`at most ${MAX_ACTOR_CHARACTERS} characters`, (text) =>
    text.length <= MAX_ACTOR_CHARACTERS ? text : undefined,
  )
    .optional()
    .describe('who acts, as the records say; user@host by default'),
});

/** A server's configuration, complete and frozen. */
export interface ServerConfig {
  readonly pointer: PointerLocation;
  readonly s3PathStyle: boolean;
  readonly zookeeperDigest: string | undefined;
  /** Files; undefined where pointers need no signature. */
  readonly pointerKeys: readonly string[] | undefined;
  readonly dynamodb: DynamoDbConnection;
  readonly placements: '*' | readonly string[];
  readonly defaultPlacement: string;
  readonly api: { readonly host: string; readonly port: number };
  readonly ops: { readonly host: string; readonly port: number };
  readonly pointerPollMs: number;
  readonly savedPointersDir: string;
  readonly bootstrapPointers: readonly string[];
  readonly allowUnsealed: boolean;
  readonly requestDeadlineMs: number;
  readonly readTimeoutMs: number;
  readonly maxReadsInFlight: number;
  readonly maxUsersPerRead: number;
  readonly extraReadsShare: number;
  readonly maxRequestsInFlight: number;
  readonly cacheBytes: number;
  readonly cacheMaxAgeMs: number;
  readonly unknownMaxAgeMs: number;
  readonly warmUpUsers: number;
  readonly warmUpMs: number;
  readonly drainDelayMs: number;
  readonly shutdownTimeoutMs: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

/** A publishing command's configuration, complete and frozen. */
export interface PublisherConfig {
  readonly pointer: PointerLocation;
  readonly archive: ArchiveLocation;
  readonly tablePrefix: string;
  readonly s3PathStyle: boolean;
  readonly zookeeperDigest: string | undefined;
  /** Files; undefined where pointers need no signature. */
  readonly pointerKeys: readonly string[] | undefined;
  readonly signingKey: string | undefined;
  readonly dynamodb: DynamoDbConnection;
  readonly memoryLimitBytes: number;
  readonly tempDir: string;
  readonly gateConfig: string | undefined;
  readonly actor: string;
}

/** The process's own environment: the one place that names it. */
export function processEnvironment(): Environment {
  return process.env;
}

/** Throws UsageError, with every mistake in it. */
export function readServerConfig(environment: Environment, dynamodb: DynamoDbConnection = {}): ServerConfig {
  const settings = readSettings(serverSettings, environment);
  return Object.freeze({
    pointer: Object.freeze(settings.TOPSHELF_POINTER),
    s3PathStyle: settings.TOPSHELF_S3_PATH_STYLE,
    zookeeperDigest: settings.TOPSHELF_ZOOKEEPER_DIGEST,
    pointerKeys: settings.TOPSHELF_POINTER_KEYS,
    dynamodb,
    placements: Object.freeze(settings.TOPSHELF_PLACEMENTS),
    defaultPlacement: settings.TOPSHELF_DEFAULT_PLACEMENT,
    api: Object.freeze({ host: settings.TOPSHELF_HOST, port: settings.PORT }),
    ops: Object.freeze({ host: settings.TOPSHELF_OPS_HOST, port: settings.OPS_PORT }),
    pointerPollMs: settings.TOPSHELF_POINTER_POLL_MS,
    savedPointersDir: settings.TOPSHELF_SAVED_POINTERS,
    bootstrapPointers: Object.freeze(settings.TOPSHELF_BOOTSTRAP_POINTERS ?? []),
    allowUnsealed: settings.TOPSHELF_ALLOW_UNSEALED,
    requestDeadlineMs: settings.TOPSHELF_REQUEST_DEADLINE_MS,
    readTimeoutMs: settings.TOPSHELF_READ_TIMEOUT_MS,
    maxReadsInFlight: settings.TOPSHELF_MAX_READS_IN_FLIGHT,
    maxUsersPerRead: settings.TOPSHELF_MAX_USERS_PER_READ,
    extraReadsShare: settings.TOPSHELF_EXTRA_READS_PERCENT / 100,
    maxRequestsInFlight: settings.TOPSHELF_MAX_REQUESTS_IN_FLIGHT,
    cacheBytes: settings.TOPSHELF_CACHE_BYTES,
    cacheMaxAgeMs: settings.TOPSHELF_CACHE_MAX_AGE_SECONDS * 1000,
    unknownMaxAgeMs: settings.TOPSHELF_UNKNOWN_MAX_AGE_SECONDS * 1000,
    warmUpUsers: settings.TOPSHELF_WARM_UP_USERS,
    warmUpMs: settings.TOPSHELF_WARM_UP_MS,
    drainDelayMs: settings.TOPSHELF_DRAIN_DELAY_MS,
    shutdownTimeoutMs: settings.TOPSHELF_SHUTDOWN_TIMEOUT_MS,
    logLevel: settings.TOPSHELF_LOG_LEVEL,
  });
}

/** Throws UsageError, with every mistake in it. */
export function readPublisherConfig(
  environment: Environment,
  dynamodb: DynamoDbConnection = {},
): PublisherConfig {
  const settings = readSettings(publisherSettings, environment);
  return Object.freeze({
    pointer: Object.freeze(settings.TOPSHELF_POINTER),
    archive: Object.freeze(settings.TOPSHELF_ARCHIVE),
    tablePrefix: settings.TOPSHELF_TABLE_PREFIX,
    s3PathStyle: settings.TOPSHELF_S3_PATH_STYLE,
    zookeeperDigest: settings.TOPSHELF_ZOOKEEPER_DIGEST,
    pointerKeys: settings.TOPSHELF_POINTER_KEYS,
    signingKey: settings.TOPSHELF_SIGNING_KEY,
    dynamodb,
    memoryLimitBytes: settings.TOPSHELF_MEMORY_LIMIT_BYTES,
    tempDir: settings.TOPSHELF_TEMP_DIR,
    gateConfig: settings.TOPSHELF_GATE_CONFIG,
    actor: settings.TOPSHELF_ACTOR ?? `${userName()}@${hostname()}`,
  });
}

/** The name of the process's user; in a container it may have none. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
