import { Command, InvalidArgumentError, Option } from 'commander';
import { isPlacement, shown } from '../domain/ids.ts';

/** A command with the options that all publishing commands share. */
export function publishingCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--json', 'print one JSON document, also on failure')
    .option('--demo', 'work on the running demo');
}

export function placementOption(): Option {
  return new Option('--placement <name>', 'the slot on the page, such as home').argParser((text) => {
    if (isPlacement(text)) return text;
    throw new InvalidArgumentError(`${shown(text)} is not 1 to 40 of a-z, 0-9 and _.`);
  });
}

export function requiredPlacement(): Option {
  return placementOption().makeOptionMandatory();
}

export function reasonOption(defaultReason: string): Option {
  return new Option('--reason <text>', 'why, for the pointer and its records').default(defaultReason);
}

/** Most products that may be kept of each user: an item must stay small, it is read at every cache miss. */
const MAX_KEEP = 100;

export function keepOption(): Option {
  return new Option('--keep <products>', 'most products kept of each user').default(20).argParser((text) => {
    const keep = /^\d{1,3}$/.test(text) ? Number(text) : 0;
    if (keep >= 1 && keep <= MAX_KEEP) return keep;
    throw new InvalidArgumentError(`${shown(text)} is not a whole number from 1 to ${MAX_KEEP}.`);
  });
}
