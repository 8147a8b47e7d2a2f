import { Option, type Command } from 'commander';
import type { GateOptions } from '../publishing/check/check.ts';

/** What the options of `withGateOptions` leave among a command's flags. */
export type GateFlags = GateOptions;

/** Adds what the gate works with. */
export function withGateOptions(command: Command): Command {
  return command
    .option('--catalogue <file>', 'CSV file of the products that the shop has; others must not be shown')
    .option('--catalogue-column <name>', 'its column with the product ids, if that is not the first one')
    .option('--gate-config <file>', 'JSON file of thresholds, instead of TOPSHELF_GATE_CONFIG');
}

export function overrideOption(): Option {
  return new Option('--override <why>', 'make it live once, whatever the gate says; recorded for ever');
}
