import { InvalidArgumentError, Option } from 'commander';
import { shown } from '../domain/ids.ts';
import type { LedgerEntry } from '../publishing/history.ts';

/** How many of the latest writes of the pointer to tell of. */
export function historyOption(): Option {
  const description = 'tell who wrote the pointer and why, that many times back';
  return new Option('--history <count>', description).argParser((text) => {
    if (/^\d{1,4}$/.test(text)) return Number(text);
    throw new InvalidArgumentError(`${shown(text)} is not a whole number from 0 to 9999.`);
  });
}

/** One write of the pointer, for people. */
export function historyLine({ epoch, action, version, at, by, reason, override }: LedgerEntry): string {
  const passed = override === null ? '' : ` (past the gate by ${override.by}: ${override.reason})`;
  return `epoch ${epoch}  ${at}  ${action} ${version} by ${by}: ${reason}${passed}`;
}
