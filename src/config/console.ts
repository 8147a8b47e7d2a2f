import * as z from 'zod';
import { parsed, readSettings, secret, wholeNumber, type Environment } from './settings.ts';

/** Shorter tokens could be found by trying. */
const MIN_TOKEN_CHARACTERS = 16;

/** Every setting of the console beyond those of a publishing command. */
export const consoleSettings = z.object({
  TOPSHELF_CONSOLE_HOST: parsed('an address to listen on', (text) => (/\s/.test(text) ? undefined : text))
    .prefault('127.0.0.1')
    .describe('address the console listens on'),
  TOPSHELF_CONSOLE_PORT: wholeNumber(0, 65535).prefault('9465').describe('port of the console'),
  TOPSHELF_CONSOLE_ALLOWED_HOSTS: parsed('host names without a port, separated by commas', (text) => {
    const names = text.split(',').map((name) => name.trim().toLowerCase());
    return names.every((name) => /^([a-z0-9._-]+|\[[0-9a-f:.]+\])$/.test(name)) ? names : undefined;
  })
    .optional()
    .describe('further names under which the console is reached, separated by commas'),
  TOPSHELF_CONSOLE_TOKEN: secret(
    `at least ${MIN_TOKEN_CHARACTERS} characters without spaces`,
    (text) => text.length >= MIN_TOKEN_CHARACTERS && /^[\x21-\x7e]+$/.test(text),
  )
    .optional()
    .describe('what actions and look-ups of users need; one is made and printed at the start by default'),
});

/** The console's configuration, complete and frozen. */
export interface ConsoleConfig {
  readonly host: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
  readonly token: string | undefined;
}

/** Throws UsageError, with every mistake in it. */
export function readConsoleConfig(environment: Environment): ConsoleConfig {
  const settings = readSettings(consoleSettings, environment);
  return Object.freeze({
    host: settings.TOPSHELF_CONSOLE_HOST,
    port: settings.TOPSHELF_CONSOLE_PORT,
    allowedHosts: Object.freeze(settings.TOPSHELF_CONSOLE_ALLOWED_HOSTS ?? []),
    token: settings.TOPSHELF_CONSOLE_TOKEN,
  });
}
