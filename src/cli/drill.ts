import { Command, InvalidArgumentError, Option } from 'commander';
import { shown } from '../domain/ids.ts';
import type { DrillFlags } from './drill-flags.ts';
import { durationOption } from './duration.ts';
import { EXIT } from './exit-codes.ts';
import { placementOption } from './options.ts';
import { writeResult } from './output.ts';
import { fail, onInterrupt, type Session } from './session.ts';

/** `topshelf drill`: what callers would see in a bad night, from a server of its own behind proxies that fail. */
export function drillCommand(session: Session): Command {
  return new Command('drill')
    .description('rehearse failures with a server of its own behind a proxy; reads only, and changes nothing')
    .addOption(placementOption())
    .addOption(
      new Option('--user <id>', 'a user who has a prediction, to ask for; may be repeated')
        .argParser((id: string, before: readonly string[]) => [...before, id])
        .default([], 'none'),
    )
    .option('--users-file <file>', 'a file of such users, one id a line')
    .addOption(wholeOption('--seconds <number>', 'how long each failure stands', 5, 600))
    .addOption(wholeOption('--rate <number>', 'requests a second', 50, 1000))
    .addOption(
      durationOption('--allowance <time>', 'what way and machine may add to the request deadline', '50ms'),
    )
    .addOption(
      new Option('--only <names>', 'these rehearsals, separated by commas').argParser((text: string) =>
        text.split(',').map((name) => name.trim()),
      ),
    )
    .option('--json', 'print one JSON document, also on failure')
    .option('--demo', 'rehearse on the running demo, with users of its own')
    .action(async (flags: DrillFlags) => {
      const { runDrill } = await import('./run-drill.ts');
      const { drillText } = await import('./drill-text.ts');
      const { io } = session;
      const interruption = new AbortController();
      const stopListening = onInterrupt((signal) => interruption.abort(new Error(`stopped by ${signal}`)));
      try {
        const tell = (text: string) => io.stderr.write(`${text}\n`);
        const report = await runDrill(flags, tell, interruption.signal);
        writeResult(io, flags.json === true, { json: report, text: drillText(report) });
        if (!report.passed) session.exitCode = EXIT.gate;
      } catch (error) {
        session.exitCode = fail(session, flags.json === true, error, interruption.signal);
      } finally {
        stopListening();
      }
    });
}

function wholeOption(flags: string, description: string, standard: number, most: number): Option {
  return new Option(flags, description).default(standard).argParser((text) => {
    const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
    if (value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`${shown(text)} is not a whole number from 1 to ${most}.`);
  });
}
