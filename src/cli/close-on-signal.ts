import closeWithGrace from 'close-with-grace';
import type { Logger } from 'pino';
import type { ServerConfig } from '../config/config.ts';

/** Time for connections and files to be closed, beyond what requests under way get. */
export const CLOSING_MS = 2000;

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
