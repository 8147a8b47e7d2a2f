import closeWithGrace from 'close-with-grace';
import { Command } from 'commander';
import { pino, type Logger } from 'pino';
import { processEnvironment, readServerConfig, type ServerConfig } from '../config/config.ts';

/** `topshelf serve`: the server, as its environment configures it. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('serve recommendations from the versions that the pointers name')
    .option('--port <port>', 'port of the API, in place of PORT')
    .option('--ops-port <port>', 'port of the ops listener, in place of OPS_PORT')
    .option('--placements <names>', 'placements separated by commas, or *, in place of TOPSHELF_PLACEMENTS')
    .option('--allow-unsealed', 'also serve tables without a seal, made by other tools')
    .action(async (flags: { port?: string; opsPort?: string; placements?: string; allowUnsealed?: true }) => {
      const environment = processEnvironment();
      const config = readServerConfig({
        ...environment,
        PORT: flags.port ?? environment.PORT,
        OPS_PORT: flags.opsPort ?? environment.OPS_PORT,
        TOPSHELF_PLACEMENTS: flags.placements ?? environment.TOPSHELF_PLACEMENTS,
        TOPSHELF_ALLOW_UNSEALED: flags.allowUnsealed ? 'true' : environment.TOPSHELF_ALLOW_UNSEALED,
      });
      const logger = pino({ level: config.logLevel });
      const { startServer } = await import('./start-server.ts');
      const server = await startServer(config, logger);
      closeOnSignal(config, logger, () => server.close());
      logger.info(
        { api: server.api, ops: server.ops },
        `answering at ${server.api}, operated at ${server.ops}`,
      );
    });
}

// Time for connections and files to be closed, beyond what requests under way get.
const CLOSING_MS = 2000;

/** Runs `close` on SIGTERM, SIGINT or a crash; a second signal, or more time than configured, ends the process. */
export function closeOnSignal(config: ServerConfig, logger: Logger, close: () => Promise<void>): void {
  const delay = config.drainDelayMs + config.shutdownTimeoutMs + CLOSING_MS;
  closeWithGrace(
    { delay, logger: { error: (message) => logger.error(message) } },
    async ({ signal, err }) => {
      if (err !== undefined) logger.fatal({ err }, 'the process crashed');
      else
        logger.info({ signal }, `${signal} received: draining for ${config.drainDelayMs} ms, then closing`);
      await close();
    },
  );
}
