import { Command } from 'commander';

/** `topshelf serve`: the server, as its environment configures it. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('serve recommendations from the versions that the pointers name')
    .option('--port <port>', 'port of the API, in place of PORT')
    .option('--ops-port <port>', 'port of the ops listener, in place of OPS_PORT')
    .option('--placements <names>', 'placements separated by commas, or *, in place of TOPSHELF_PLACEMENTS')
    .option('--allow-unsealed', 'also serve tables without a seal, made by other tools')
    .action(async (flags: { port?: string; opsPort?: string; placements?: string; allowUnsealed?: true }) => {
      // Imported here and not above: help must not wait for what only a server needs.
      const { processEnvironment, readServerConfig } = await import('../config/config.ts');
      const { startServer } = await import('./start-server.ts');
      const { closeOnSignal } = await import('./close-on-signal.ts');
      const { pino } = await import('pino');
      const environment = processEnvironment();
      const config = readServerConfig({
        ...environment,
        PORT: flags.port ?? environment.PORT,
        OPS_PORT: flags.opsPort ?? environment.OPS_PORT,
        TOPSHELF_PLACEMENTS: flags.placements ?? environment.TOPSHELF_PLACEMENTS,
        TOPSHELF_ALLOW_UNSEALED: flags.allowUnsealed ? 'true' : environment.TOPSHELF_ALLOW_UNSEALED,
      });
      const logger = pino({ level: config.logLevel });
      const server = await startServer(config, logger);
      closeOnSignal(config, logger, () => server.close());
      logger.info(
        { api: server.api, ops: server.ops },
        `answering at ${server.api}, operated at ${server.ops}`,
      );
    });
}
