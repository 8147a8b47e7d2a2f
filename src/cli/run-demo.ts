import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import {
  processEnvironment,
  readPublisherConfig,
  readServerConfig,
  type DynamoDbConnection,
  type ServerConfig,
} from '../config/config.ts';
import { startEmulator } from '../demo/emulator.ts';
import { announceDemo, demoFolder, occupyFolder, type DemoFolder } from '../demo/running-demo.ts';
import { publish } from '../publishing/publish.ts';
import { openPublisherOf } from './adapters.ts';
import { closeOnSignal } from './close-on-signal.ts';
import { startServer, type RunningServer } from './start-server.ts';

const PLACEMENT = 'home';
const DAYS = ['2011-11-25', '2011-12-07'];
const CUSTOMER = '12347';

type Print = (text: string) => void;

/** Starts the demo: resolves when it serves, and it goes on until a signal ends it. */
export async function runDemo(print: Print): Promise<void> {
  const leaveFolder = await occupyFolder();
  const folder = demoFolder();
  const emulator = await startEmulator();
  const { connection } = emulator;
  try {
    const config = configure(folder, connection);
    print(`started a DynamoDB emulator at ${connection.endpoint} (in memory: it forgets when it stops)`);
    await publishBundledDays(folder, connection, print);

    const logger = pino({ level: config.logLevel });
    const server = await startServer(config, logger);
    closeOnSignal(config, logger, async () => {
      await server.close();
      await emulator.close();
      await leaveFolder();
    });
    await server.ready;
    const { api, ops } = server;
    const { environment } = folder;
    await announceDemo({ pid: process.pid, api, ops, dynamodb: connection, environment });
    print(invitation(server));
  } catch (error) {
    await emulator.close();
    await leaveFolder();
    throw error;
  }
}

/** The environment's settings, on the demo's own pointers and tables. */
function configure({ environment, savedPointers }: DemoFolder, connection: DynamoDbConnection): ServerConfig {
  const settings = {
    TOPSHELF_LOG_LEVEL: 'warn',
    TOPSHELF_HOST: '127.0.0.1',
    TOPSHELF_POINTER_POLL_MS: '1000',
    TOPSHELF_DRAIN_DELAY_MS: '0', // there is no load balancer that must notice first
    ...processEnvironment(),
    ...environment,
    TOPSHELF_SAVED_POINTERS: savedPointers,
  };
  return readServerConfig(settings, connection);
}

/** Loads, checks and activates each bundled day, with the code that does it in production. */
async function publishBundledDays(
  folder: DemoFolder,
  connection: DynamoDbConnection,
  print: Print,
): Promise<void> {
  const settings = { ...processEnvironment(), ...folder.environment };
  const context = await openPublisherOf(readPublisherConfig(settings, connection));
  const { signal } = new AbortController();
  try {
    for (const day of DAYS) {
      const file = fileURLToPath(new URL(`../demo/data/predictions-${day}.csv.gz`, import.meta.url));
      const request = { placement: PLACEMENT, paths: [file], reason: `bundled predictions of ${day}` };
      const { loaded, activated } = await publish(context, request, () => undefined, signal);
      print(
        `published ${day}: ${loaded.seal.users} users as version ${loaded.version} of placement ${PLACEMENT}, ` +
          `epoch ${activated.epoch}`,
      );
    }
  } finally {
    await context.close();
  }
}

function invitation({ api, ops }: RunningServer): string {
  return `
serving at ${api}, metrics and status at ${ops} (Ctrl-C stops it). Try, in another terminal:

  curl ${api}/recommendations/${CUSTOMER}
  npx topshelf rollback --placement ${PLACEMENT} --reason "trying it out" --demo
  npx topshelf console --demo
  curl ${ops}/status
`;
}
