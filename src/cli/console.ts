import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Command, Option } from 'commander';
import { messageOf, UsageError } from '../domain/errors.ts';
import { runPublishing, type Session, type Work } from './session.ts';
import { replicasOf, replicasOption, type ReplicaFlags } from './wait-options.ts';

interface Flags extends ReplicaFlags {
  readonly demo?: boolean;
  readonly port?: string;
  readonly catalogue?: string;
}

const TOKEN_BYTES = 24;

/** `topshelf console`: a page for people on call, until a signal ends it. */
export function consoleCommand(session: Session): Command {
  return new Command('console')
    .description(
      'a page for people on call: what is live, who did it and why; roll back, block, look up a user',
    )
    .option('--demo', 'work on the running demo')
    .option('--port <port>', 'port of the page, in place of TOPSHELF_CONSOLE_PORT')
    .addOption(replicasOption())
    .addOption(
      new Option('--catalogue <file>', 'CSV file with productId and title, for the titles of products'),
    )
    .action((flags: Flags) => runPublishing(session, flags, (work) => serveConsole(session, flags, work)));
}

async function serveConsole({ io }: Session, flags: Flags, { context, signal }: Work) {
  const { processEnvironment } = await import('../config/config.ts');
  const { readConsoleConfig } = await import('../config/console.ts');
  const { buildConsole } = await import('../console/console.ts');
  const { readTitles } = await import('../console/titles.ts');
  const { pino } = await import('pino');
  const environment = processEnvironment();
  const port = flags.port ?? environment.TOPSHELF_CONSOLE_PORT;
  const config = readConsoleConfig({ ...environment, TOPSHELF_CONSOLE_PORT: port });
  const token = config.token ?? randomBytes(TOKEN_BYTES).toString('base64url');
  const app = await buildConsole({
    context,
    replicas: await replicasOf({ ...(await replicasOfDemo(flags)), ...flags }),
    titles: flags.catalogue === undefined ? new Map() : await readTitles(flags.catalogue),
    token,
    hosts: [config.host, ...config.allowedHosts],
    logger: pino(pino.destination(2)),
  });
  try {
    const url = await app.listen({ host: config.host, port: config.port }).catch((error: unknown) => {
      throw new UsageError(
        `cannot listen on ${config.host}:${config.port} (${messageOf(error)}); ` +
          'set TOPSHELF_CONSOLE_PORT to a free port',
        { cause: error },
      );
    });
    io.stdout.write(`the console is at ${url} (Ctrl-C stops it)\n`);
    // A token that somebody chose is known to those who need it, and belongs in no log.
    if (config.token === undefined) io.stdout.write(`token for actions and look-ups: ${token}\n`);
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await app.close();
  }
  return { json: { stopped: true }, text: 'the console has stopped' };
}

async function replicasOfDemo({ demo = false }: Flags): Promise<ReplicaFlags> {
  if (!demo) return {};
  const { findRunningDemo } = await import('../demo/running-demo.ts');
  return { replicas: (await findRunningDemo()).ops };
}
