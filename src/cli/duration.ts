import { InvalidArgumentError, Option } from 'commander';
import { shown } from '../domain/ids.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `15m`, `24h`, `7d` or `250ms` in milliseconds; undefined where it is none of them. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  const factor = UNITS[unit];
  return amount === undefined || factor === undefined ? undefined : Number(amount) * factor;
}

/** An option that takes a time and gives milliseconds. */
export function durationOption(flags: string, description: string, standard: string): Option {
  return new Option(flags, description).default(parseDuration(standard), standard).argParser((text) => {
    const ms = parseDuration(text);
    if (ms !== undefined) return ms;
    throw new InvalidArgumentError(`${shown(text)} is not a time such as 90s, 15m, 24h or 7d.`);
  });
}
