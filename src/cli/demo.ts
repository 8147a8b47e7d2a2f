import { Command } from 'commander';
import type { Session } from './session.ts';

/** `topshelf demo`: everything in one process and one folder, on real predictions; nothing of AWS is needed. */
export function demoCommand(session: Session): Command {
  return new Command('demo')
    .description('serve bundled predictions of a real shop, with an embedded DynamoDB emulator')
    .action(async () => {
      // Imported here and not above: help must not wait for what only the demo needs.
      const { runDemo } = await import('./run-demo.ts');
      await runDemo((text) => session.io.stdout.write(`${text}\n`));
    });
}
