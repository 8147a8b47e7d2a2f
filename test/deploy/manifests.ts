import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { CLOSING_MS } from '../../src/cli/close-on-signal.ts';
import { publisherSettings, readServerConfig, serverSettings } from '../../src/config/config.ts';
import { CLI } from '../support/program.ts';
import { ROOT } from './dockerfile.ts';

/** The documents of a YAML file below the repository's root; throws for one that is not YAML. */
export function readDocuments<T>(path: string): T[] {
  return parseAllDocuments(readFileSync(join(ROOT, path), 'utf8'), { merge: true, strict: true }).map(
    (document) => {
      const [error] = document.errors;
      if (error !== undefined) throw new Error(`${path}: ${error.message}`);
      return document.toJS() as T;
    },
  );
}

/** What a server does unless it is told otherwise. */
export const standard = readServerConfig({ TOPSHELF_POINTER: 'file:///pointers' });

/** The longest time from SIGTERM to the end, with the standard settings. */
export const SECONDS_TO_END = (standard.drainDelayMs + standard.shutdownTimeoutMs + CLOSING_MS) / 1000;

/** Every mistake among settings: names that do not exist, and values that are none. */
export function mistakesIn(environment: Readonly<Record<string, string | undefined>>): string[] {
  const shape = { ...serverSettings.shape, ...publisherSettings.shape };
  return Object.entries(environment).flatMap(([name, value]) => {
    if (!/^(TOPSHELF_|PORT$|OPS_PORT$)/.test(name)) return [];
    if (!(name in shape)) return [`${name} does not exist`];
    const { success } = shape[name as keyof typeof shape].safeParse(value);
    return success ? [] : [`${name}=${value} is not valid`];
  });
}

/** The options among the words of a command that it does not have. */
export async function unknownOptions([command = '', ...words]: readonly string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, command, '--help']);
  const options = words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0] ?? word);
  return options.filter((option) => !new RegExp(`${option}\\b(?!-)`).test(stdout));
}
