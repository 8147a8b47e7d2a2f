import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { pino } from 'pino';
import {
  processEnvironment,
  readPublisherConfig,
  readServerConfig,
  type DynamoDbConnection,
} from '../config/config.ts';
import { announceDemo, demoFolder, refuseSecondDemo } from '../demo/running-demo.ts';
import { openPublisherOf } from './adapters.ts';
import { closeOnSignal } from './serve.ts';
import type { Session } from './session.ts';

const PLACEMENT = 'home';
const DAYS = ['2011-11-25', '2011-12-07'];
const CUSTOMER = '12347';
// A demo's user waits for it: there is no load balancer that must notice first.
const DRAIN_DELAY_MS = '0';
const POLL_MS = '1000';

/** `topshelf demo`: everything in one process and one folder, on real predictions; nothing of AWS is needed. */
export function demoCommand(session: Session): Command {
  return new Command('demo')
    .description('serve bundled predictions of a real shop, with an embedded DynamoDB emulator')
    .action(() => runDemo((text) => session.io.stdout.write(`${text}\n`)));
}

type Print = (text: string) => void;

async function runDemo(print: Print): Promise<void> {
  await refuseSecondDemo();
  const folder = demoFolder();
  await rm(folder.root, { recursive: true, force: true });
  const { startEmulator } = await import('../demo/emulator.ts');
  const emulator = await startEmulator();
  const { connection } = emulator;
  print(
    `started an embedded DynamoDB emulator at ${connection.endpoint} (in memory: it forgets when it stops)`,
  );

  await publishBundledDays(folder.environment, connection, print);

  const environment = processEnvironment();
  const config = readServerConfig(
    {
      TOPSHELF_LOG_LEVEL: 'warn',
      TOPSHELF_HOST: '127.0.0.1',
      TOPSHELF_DRAIN_DELAY_MS: DRAIN_DELAY_MS,
      TOPSHELF_POINTER_POLL_MS: POLL_MS,
      ...environment,
      ...folder.environment,
      TOPSHELF_SAVED_POINTERS: folder.savedPointers,
    },
    connection,
  );
  const logger = pino({ level: config.logLevel });
  const { startServer } = await import('./start-server.ts');
  const server = await startServer(config, logger);
  closeOnSignal(config, logger, async () => {
    await server.close();
    await emulator.close();
  });
  await server.started;
  const { api, ops } = server;
  await announceDemo({ pid: process.pid, api, ops, dynamodb: connection, environment: folder.environment });
  print(`
serving at ${api}, metrics and status at ${ops} (Ctrl-C stops it). Try, in another terminal:

  curl ${api}/recommendations/${CUSTOMER}
  npx topshelf rollback --placement ${PLACEMENT} --reason "trying it out" --demo
  curl ${ops}/status
`);
}

/** Loads, checks and activates each bundled day, with the code that does it in production. */
async function publishBundledDays(
  environment: Record<string, string>,
  connection: DynamoDbConnection,
  print: Print,
): Promise<void> {
  const { publish } = await import('../publishing/publish.ts');
  const context = await openPublisherOf(
    readPublisherConfig({ ...processEnvironment(), ...environment }, connection),
  );
  try {
    for (const day of DAYS) {
      const file = fileURLToPath(new URL(`../demo/data/predictions-${day}.csv.gz`, import.meta.url));
      const request = { placement: PLACEMENT, paths: [file], reason: `bundled predictions of ${day}` };
      const { loaded, activated } = await publish(
        context,
        request,
        () => undefined,
        new AbortController().signal,
      );
      print(
        `published ${day}: ${loaded.seal.users} users as version ${loaded.version} of placement ${PLACEMENT}, ` +
          `epoch ${activated.epoch}`,
      );
    }
  } finally {
    await context.close();
  }
}
