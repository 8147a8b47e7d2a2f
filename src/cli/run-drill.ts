import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  processEnvironment,
  readServerConfig,
  type DynamoDbConnection,
  type ServerConfig,
} from '../config/config.ts';
import type { Environment } from '../config/settings.ts';
import { findRunningDemo } from '../demo/running-demo.ts';
import { UsageError } from '../domain/errors.ts';
import { drill, type DrillReport } from '../drill/drill.ts';
import { copyPointerToFolder } from '../drill/pointer-folder.ts';
import { startPointerProxy } from '../drill/pointer-proxy.ts';
import type { PointerStandIn, ReadPointer } from '../drill/pointer-stand-in.ts';
import { REHEARSALS, type Rehearsal } from '../drill/rehearsals.ts';
import { CACHE_MAX_AGE_SECONDS } from '../drill/rehearse.ts';
import { startStoreProxy } from '../drill/store-proxy.ts';
import type { PointerSource } from '../pointer/pointer-source.ts';
import { createForward } from '../store/dynamodb-http/forward.ts';
import { openPointers } from './adapters.ts';
import type { DrillFlags } from './drill-flags.ts';
import { drillUsers } from './drill-users.ts';
import { spawnServer } from './spawn-server.ts';

const MAX_SOCKETS = 256;
const READ_POINTER_MS = 10_000;
const RECOVERY_LIMIT_SECONDS = 30;

/** Puts a drill together: the proxies before the configured stores, and servers behind them. */
export async function runDrill(
  flags: DrillFlags,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<DrillReport> {
  const rehearsals = chosen(flags.only);
  const { environment, dynamodb } = await whereToRehearse(flags);
  const config = readServerConfig(environment, dynamodb);
  const placement = flags.placement ?? config.defaultPlacement;
  const users = await drillUsers(flags);
  const folder = await mkdtemp(join(tmpdir(), 'topshelf-drill-'));
  const source = await openPointers(config);
  const forward = createForward({ ...dynamodb, maxSockets: MAX_SOCKETS });
  const store = await startStoreProxy((...asked) => forward.ask(...asked));
  let pointer: PointerStandIn | undefined;
  try {
    pointer = await standIn(config, placement, readingOf(source, placement), join(folder, 'pointers'));
    const settings = settingsOf({ environment, placement, folder, store: store.endpoint, pointer });
    const { seconds, rate, allowance: allowanceMs } = flags;
    return await drill(
      {
        rehearsals,
        users,
        placement,
        limits: config,
        seconds,
        rate,
        recoveryLimitSeconds: RECOVERY_LIMIT_SECONDS,
        allowanceMs,
        store,
        pointer,
        start: () => spawnServer(settings),
      },
      ({ name, what }) => tell(`rehearsing ${name}: ${what}`),
      signal,
    );
  } finally {
    await pointer?.close();
    await store.close();
    forward.close();
    await source.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function chosen(only: readonly string[] | undefined): readonly Rehearsal[] {
  const names = REHEARSALS.map(({ name }) => name);
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`there is no rehearsal "${unknown}"; there are ${names.join(', ')}`);
  }
  return only === undefined ? REHEARSALS : REHEARSALS.filter(({ name }) => only.includes(name));
}

async function whereToRehearse({
  demo,
}: DrillFlags): Promise<{ environment: Environment; dynamodb: DynamoDbConnection }> {
  if (demo !== true) return { environment: processEnvironment(), dynamodb: {} };
  const running = await findRunningDemo();
  return { environment: { ...processEnvironment(), ...running.environment }, dynamodb: running.dynamodb };
}

function readingOf(source: PointerSource, placement: string): ReadPointer {
  return async () => {
    const reading = await source.read(placement, AbortSignal.timeout(READ_POINTER_MS));
    if (reading.kind === 'found') return reading.content;
    throw new UsageError(
      `placement ${placement} has no pointer; publish to it first, or name another placement`,
    );
  };
}

/** Only S3 speaks HTTP; of other stores the server follows a copy. */
async function standIn(
  { pointer: { kind } }: ServerConfig,
  placement: string,
  read: ReadPointer,
  folder: string,
): Promise<PointerStandIn> {
  await read(); // what is wrong is said at once, and by its own name
  return kind === 's3' ? startPointerProxy(placement, read) : copyPointerToFolder(folder, placement, read);
}

interface Behind {
  readonly environment: Environment;
  readonly placement: string;
  readonly folder: string;
  readonly store: string;
  readonly pointer: PointerStandIn;
}

/** The given environment, led to the proxies: nothing of AWS but what they need, and no address that is taken. */
function settingsOf({ environment, placement, folder, store, pointer }: Behind): Environment {
  const others = Object.entries(environment).filter(([name]) => !name.startsWith('AWS_'));
  const none = join(folder, 'none');
  return {
    ...Object.fromEntries(others),
    AWS_ENDPOINT_URL_DYNAMODB: store,
    AWS_REGION: 'drill',
    AWS_ACCESS_KEY_ID: 'drill',
    AWS_SECRET_ACCESS_KEY: 'drill',
    AWS_CONFIG_FILE: none,
    AWS_SHARED_CREDENTIALS_FILE: none,
    TOPSHELF_PLACEMENTS: placement,
    TOPSHELF_DEFAULT_PLACEMENT: placement,
    TOPSHELF_HOST: '127.0.0.1',
    TOPSHELF_OPS_HOST: '127.0.0.1',
    PORT: '0',
    OPS_PORT: '0',
    TOPSHELF_SAVED_POINTERS: join(folder, 'saved-pointers'),
    TOPSHELF_CACHE_MAX_AGE_SECONDS: String(CACHE_MAX_AGE_SECONDS),
    ...pointer.environment,
  };
}
